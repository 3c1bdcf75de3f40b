//! `{% generation %}` blocks mark what an assistant wrote, for training. Rendering needs their
//! content only, in a scope of its own, so the tags become `{% with %}` and `{% endwith %}`; the
//! tag's blank control stays.

/// The source with its generation tags replaced; comments, strings and raw blocks stay as they are.
pub fn without_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    let mut raw = false;
    while let Some(begin) = rest.find('{') {
        let (before, from) = rest.split_at(begin);
        out.push_str(before);
        let end = match from.as_bytes().get(1) {
            Some(b'#') if !raw => from.find("#}").map(|at| at + 2),
            Some(b'{') if !raw => expression_end(from, "}}"),
            Some(b'%') => expression_end(from, "%}"),
            _ => Some(1),
        };
        let (tag, after) = from.split_at(end.unwrap_or(from.len()));
        match tag.starts_with("{%").then(|| word(tag)) {
            Some("raw") => raw = true,
            Some("endraw") => raw = false,
            _ => {}
        }
        out.push_str(&match tag.starts_with("{%").then(|| word(tag)) {
            Some("generation") if !raw => tag.replacen("generation", "with", 1),
            Some("endgeneration") if !raw => tag.replacen("endgeneration", "endwith", 1),
            _ => tag.to_string(),
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The first word of a `{%` tag.
fn word(tag: &str) -> &str {
    let inside = tag[2..].trim_start_matches(['-', '+']).trim_start();
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '_');
    &inside[..end.unwrap_or(inside.len())]
}

/// Where a tag ends, past strings in it.
fn expression_end(tag: &str, closing: &str) -> Option<usize> {
    let bytes = tag.as_bytes();
    let mut at = 2;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = string_end(bytes, at, quote)?,
            _ if bytes[at..].starts_with(closing.as_bytes()) => return Some(at + closing.len()),
            _ => at += 1,
        }
    }
    None
}

fn string_end(bytes: &[u8], begin: usize, quote: u8) -> Option<usize> {
    let mut at = begin + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::without_tags;

    #[test]
    fn tags_become_scopes_and_keep_their_blank_control() {
        assert_eq!(
            without_tags("a{%- generation -%} b {%+ endgeneration %}c"),
            "a{%- with -%} b {%+ endwith %}c"
        );
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        for source in [
            "{# {% generation %} #}",
            "{{ '{% generation %}' }}",
            "{% set x = '{% generation %}' %}",
            "{% raw %}{% generation %}{% endraw %}",
            "{% if generation %}",
            "{",
            "{%",
            "{{ 'a\\",
            "{% x é",
        ] {
            assert_eq!(without_tags(source), source);
        }
    }
}
