//! Templates that try to exhaust time, memory or the stack. With a long request fuel is at its
//! maximum, so these are the deepest values that a template can make: each way to walk one (print,
//! compare, hash, sort, free, tojson) must fit the stack of the rendering thread.

use spyre_text::error::{Result, Status};
use spyre_text::template::{ChatTemplate, NamedTemplate, RenderRequest};

fn render(source: &str) -> Result<String> {
    let template = NamedTemplate {
        name: "default".to_string(),
        source: source.to_string(),
    };
    let long = "x".repeat(300_000);
    let request = format!(r#"{{"messages": [{{"role": "user", "content": "{long}"}}]}}"#);
    let request = RenderRequest::parse(request.as_bytes())?;
    ChatTemplate::new(&[template], Vec::new())?.render(&request)
}

/// Runs `step` as often as fuel allows, up to `most` times, then `end`.
fn repeat(step: &str, most: usize, end: &str) -> String {
    let times = most.div_ceil(1000);
    format!(
        "{{% set n = namespace(v=[], w=[], i=0) %}}{{% for a in range({times}) %}}\
         {{% for b in range(1000) %}}{step}{{% endfor %}}{{% endfor %}}{end}"
    )
}

fn ends(source: &str) {
    if let Err(error) = render(source) {
        assert_ne!(error.status, Status::Internal, "{}", error.message);
    }
}

/// Ways to walk a value.
const WALKS: [&str; 10] = [
    "{{ n.v }}",
    "{{ n.v == n.v }}",
    "{{ n.v | tojson }}",
    "{{ n.v | list | length }}",
    "{{ [n.v, n.v] | unique | length }}",
    "{{ [n.v, n.v] | sort | length }}",
    "{{ {n.v: 1} }}",
    "{{ n.v in [n.v] }}",
    "{{ (n.v | string) | length }}",
    "{% for x in n.v %}{% endfor %}",
];

#[test]
fn deep_values_fit_the_stack() {
    for step in [
        "{% set n.v = [n.v] %}",
        "{% set n.v = {'k': n.v} %}",
        "{% set n.v = (n.v,) %}",
        "{% set n.v = dict(k=n.v) %}",
        "{% set n.v = [n.v] | list %}",
    ] {
        // Made until fuel ends, and freed.
        let error = render(&repeat(step, 10_000_000, "")).unwrap_err();
        assert_eq!(error.status, Status::ResourceExhausted, "{step}");
        for walk in WALKS {
            ends(&repeat(step, 100_000, walk));
        }
    }
}

/// Iterators over iterators take quadratic time, so these are less deep.
#[test]
fn lazy_values_fit_the_stack() {
    for step in [
        "{% set n.v = n.v | reverse %}",
        "{% set n.v = n.v | map('upper') %}",
        "{% set n.v = n.v | select %}",
        "{% set n.v = n.v | batch(1) %}",
        "{% set n.v = n.v[0:] %}",
        "{% set n.v = n.v + [1] %}",
    ] {
        for walk in WALKS {
            ends(&repeat(step, 2_000, walk));
        }
    }
}

#[test]
fn no_namespace_comes_to_hold_itself() {
    let two = "{% set a = namespace() %}{% set b = namespace() %}";
    for source in [
        "{% set a.x = a %}{{ a | string }}",
        "{% set a.x = [1, {'k': (a,)}] %}{{ a | string }}",
        "{% set a.x = {a: 1} %}{{ a | string }}",
        "{% set a.x = b %}{% set b.x = a %}{{ a == b }}",
        "{% set a.x = b %}{% set a.x.y = a %}{{ a ~ b }}",
        "{% set a.x = namespace(y=a) %}{{ a | string }}",
        "{% set c = a %}{% set c.x = a %}{{ a | string }}",
        "{% set a.x, b.x = b, a %}{{ a ~ b }}",
        "{% for c in [a] %}{% set c.x = [a][0:] %}{% endfor %}{{ a | string }}",
        "{% macro m(c) %}{% set c.x = a %}{% endmacro %}{{ m(a) }}{{ a | string }}",
        "{% with c = a %}{% set c.x = a %}{% endwith %}{{ a | string }}",
        "{% set a.x = [a] | reverse %}{{ a | string }}",
    ] {
        let error = render(&format!("{two}{source}")).unwrap_err();
        assert_eq!(
            error.status,
            Status::InvalidArgument,
            "{source} {}",
            error.message
        );
    }
    for source in [
        "{% set a = namespace(x=b) %}{% set b.x = [1, 'b'] %}{{ a.x.x }}",
        "{{ [a] | length }}{% set a.x = {'k': (1, [2])} %}{{ a.x.k }}",
        "{{ [a] | length }}{% set a.x = messages %}{% set a.y = nothing %}",
    ] {
        render(&format!("{two}{source}")).unwrap();
    }
}

#[test]
fn two_deep_values_are_compared() {
    let step = "{% set n.v = [n.v] %}{% set n.w = [n.w] %}";
    for end in [
        "{{ n.v == n.w }}",
        "{{ n.v < n.w }}",
        "{{ [n.v, n.w] | sort | length }}",
    ] {
        ends(&repeat(step, 30_000, end));
    }
}

#[test]
fn memory_is_fuel_too() {
    for source in [
        "{% set n = namespace(v='xx') %}{% for a in range(99) %}{% set n.v = n.v ~ n.v %}{% endfor %}",
        "{% set n = namespace(v='xx') %}{% for a in range(99) %}{% set n.v = n.v + n.v %}{% endfor %}",
        "{% set n = namespace(v='xx') %}{% for a in range(99) %}{% set n.v = n.v * 1000 %}{% endfor %}",
        "{% set n = namespace(v='xx') %}{% for a in range(99) %}{% set n.v = n.v | replace('x', 'xxxx') %}{% endfor %}",
        "{% set n = namespace(v='xx') %}{% for a in range(99) %}{% set n.v = n.v.replace('x', 'xxxx') %}{% endfor %}",
        "{% set n = namespace(v='xx') %}{% for a in range(99) %}{% set n.v = n.v.join([n.v, n.v, n.v]) %}{% endfor %}",
        "{% set n = namespace(v=[1, 2]) %}{% for a in range(99) %}{% set n.v = [n.v, n.v] %}{% endfor %}{{ n.v | tojson }}",
        "{% set n = namespace(v=[1, 2]) %}{% for a in range(99) %}{% set n.v = [n.v, n.v] %}{% endfor %}{{ n.v }}",
        "{{ 'x' * 99999999 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'x'.center(999999999) }}",
        "{{ 'x' | indent(99999999) }}",
        "{{ [1] | tojson(indent=99999999) }}",
        "{{ range(99999) | map('string') | join('x' * 100000) }}",
    ] {
        assert!(render(source).is_err(), "{source}");
    }
}

#[test]
fn recursion_ends() {
    for source in [
        "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(x) %}{% call m(x) %}{{ caller() }}{% endcall %}{% endmacro %}{{ m(1) }}",
        "{% for x in [[[]]] recursive %}{{ loop([[x]]) }}{% endfor %}",
    ] {
        let error = render(source).unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument, "{}", error.message);
    }
}

#[test]
fn deep_sources_compile_or_are_refused() {
    for (begin, middle, end) in [
        ("{{ 1", "+1", " }}"),
        ("{{ 1", "~1", " }}"),
        ("{{ x", ".a", " }}"),
        ("{{ x", "[0]", " }}"),
        ("{{ 'x'", "|e", " }}"),
        ("{{ 1", " and 1", " }}"),
        ("{{ 1", "<2", " }}"),
        ("{{ ", "not ", "1 }}"),
        ("{{ ", "-", "1 }}"),
        ("{{ ", "[", " }}"),
        ("{{ ", "{1:", " }}"),
        ("{{ 1", " if 1 else 1", " }}"),
        ("{{ x", "()", " }}"),
        ("{{ x", " is y", " }}"),
        ("", "{% if 1 %}", ""),
        ("{% if 0 %}", "{% elif 0 %}", "{% endif %}"),
        ("", "{% for a in b %}", ""),
        ("", "{% generation %}", ""),
    ] {
        let times = (128 * 1024 - begin.len() - end.len()) / middle.len();
        ends(&format!("{begin}{}{end}", middle.repeat(times)));
    }
}
