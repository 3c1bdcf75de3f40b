//! Chat templates: messages in, prompt text out, as transformers renders them (a sandboxed Jinja2
//! with trim_blocks, lstrip_blocks, loop controls and a few globals). Templates come with models and
//! are not trusted: work and memory are limited by fuel, sources in length, and compiling and
//! rendering run on a thread whose stack holds the deepest value or expression that these buy. One
//! thing the engine's fuel does not see: the inside of a list that holds another many times over, or of
//! slices of slices, when it is added, compared or made a string; only printing is paid for here.
//! What messages mean is the template's business; tokens are the tokenizer's.

mod files;
mod json;
mod methods;
mod namespaces;
mod print;
mod request;
mod source;
mod text;

pub use files::TemplateFiles;
pub use request::RenderRequest;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, State};

use crate::abi::panic_text;
use crate::error::{Error, Result};

/// One fuel is an instruction or 64 bytes made. A message costs templates some hundred.
const BASE_FUEL: u64 = 200_000;
const FUEL_PER_REQUEST_BYTE: u64 = 8;
const MAX_FUEL: u64 = 1_000_000;
/// The longest real templates have 30 KB.
const MAX_SOURCE_BYTES: usize = 128 * 1024;
/// In one tag; folding constants takes the compiler quadratic time in them.
const MAX_OPERATORS: usize = 256;
/// Only what is used becomes memory. tests/hostile_templates.rs shows that it is enough.
const STACK_BYTES: usize = 256 * 1024 * 1024;

#[derive(Clone, Debug)]
pub struct NamedTemplate {
    pub name: String,
    pub source: String,
}

pub struct ChatTemplate {
    environment: Environment<'static>,
    names: Vec<String>,
    /// bos_token, eos_token, ... as variables.
    tokens: Vec<(String, String)>,
}

/// What a template said with raise_exception, word for word.
#[derive(Debug)]
struct Raised(String);

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Raised {}

impl ChatTemplate {
    /// templates: at least one; their names are "default", "tool_use" and whatever else.
    pub fn new(templates: &[NamedTemplate], tokens: Vec<(String, String)>) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .map_err(Error::internal)?,
        );
        environment.set_unknown_method_callback(methods::call);
        environment.set_formatter(print::print);
        environment.add_filter("tojson", json::tojson);
        environment.add_filter(namespaces::FILTER, namespaces::without_namespaces);
        // Their work is not paid for in fuel; no template uses the one, Jinja2 lacks the other.
        environment.remove_filter("pprint");
        environment.remove_filter("chain");
        environment.add_function("raise_exception", raise_exception);
        // File extensions in a template's name would switch escaping on.
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let mut names = Vec::new();
        for NamedTemplate { name, source } in templates {
            check_source(name, source)?;
            let source = namespaces::guarded(source::without_generation_tags(source));
            let environment = &mut environment;
            on_deep_stack(move || {
                environment
                    .add_template_owned(name.clone(), source)
                    .map_err(|e| Error::unsupported(format!("chat template: {}", chain(&e))))
            })?;
            names.push(name.clone());
        }
        Ok(ChatTemplate {
            environment,
            names,
            tokens,
        })
    }

    /// Errors: InvalidArgument with the template's own words when it refuses the messages, or with
    /// what went wrong and the template's line; ResourceExhausted when it works without end.
    pub fn render(&self, request: &RenderRequest) -> Result<String> {
        let fuel = FUEL_PER_REQUEST_BYTE.saturating_mul(request.bytes as u64);
        let fuel = BASE_FUEL.saturating_add(fuel).min(MAX_FUEL);
        let mut environment = self.environment.clone();
        environment.set_fuel(Some(fuel));
        let now_unix_s = request.now_unix_s;
        environment.add_function("strftime_now", move |format: &str| {
            text::local_time(now_unix_s, format)
        });
        let name = self.choose(request)?;
        on_deep_stack(|| {
            let continued = request.continued_text()?;
            let template = environment.get_template(name).map_err(Error::internal)?;
            let rendered = template
                .render(request.variables(&self.tokens))
                .map_err(|e| failure(&e, fuel))?;
            match continued {
                Some(text) => request::cut_after(rendered, &text),
                None => Ok(rendered),
            }
        })
    }

    /// "tool_use" where there are tools and such a template, else "default", else the only one.
    fn choose(&self, request: &RenderRequest) -> Result<&str> {
        let has = |wanted: &str| self.names.iter().any(|name| name == wanted);
        match &self.names[..] {
            _ if request.has_tools() && has("tool_use") => Ok("tool_use"),
            _ if has("default") => Ok("default"),
            [only] => Ok(only),
            names => Err(Error::invalid(format!(
                "chat template: this model has several ({}) and none is called default",
                names.join(", ")
            ))),
        }
    }
}

fn check_source(name: &str, source: &str) -> Result<()> {
    for (what, most, found) in [
        ("bytes", MAX_SOURCE_BYTES, source.len()),
        (
            "operators in a tag",
            MAX_OPERATORS,
            source::most_operators(source),
        ),
    ] {
        if found > most {
            return Err(Error::unsupported(format!(
                "chat template {name:?}: wanted at most {most} {what}, found {found}"
            )));
        }
    }
    Ok(())
}

fn raise_exception(_: &State, message: Value) -> std::result::Result<Value, minijinja::Error> {
    let message = message.to_string();
    let error = minijinja::Error::new(ErrorKind::InvalidOperation, message.clone());
    Err(error.with_source(Raised(message)))
}

fn failure(error: &minijinja::Error, fuel: u64) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(each) = cause {
        if let Some(Raised(message)) = each.downcast_ref() {
            return Error::invalid(message);
        }
        cause = each.source();
    }
    if error.kind() == ErrorKind::OutOfFuel {
        return Error::exhausted(format!(
            "chat template: stopped after {fuel} steps; it loops or the messages are too long"
        ));
    }
    Error::invalid(format!("chat template: {}", chain(error)))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(each) = cause {
        text = format!("{text}: {each}");
        cause = each.source();
    }
    text
}

fn on_deep_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("chat-template".to_string())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|e| Error::exhausted(format!("chat template: no thread to render on: {e}")))?
            .join()
            .unwrap_or_else(|panic| Err(Error::internal(panic_text(panic.as_ref()))))
    })
}
