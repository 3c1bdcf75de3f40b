//! A template's source, cut into tags and what is between them, before it is compiled.
//!
//! `{% generation %}` blocks mark what an assistant wrote, for training. Rendering needs their
//! content only, in a scope of its own, so the tags become `{% with %}` and `{% endwith %}`; the
//! tag's blank control stays.

/// The source with its generation tags replaced; comments, strings and raw blocks stay as they are.
pub fn without_generation_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for piece in Pieces::new(source) {
        match piece {
            Piece::Tag(tag) => out.push_str(&match word(tag) {
                "generation" => tag.replacen("generation", "with", 1),
                "endgeneration" => tag.replacen("endgeneration", "endwith", 1),
                _ => tag.to_string(),
            }),
            Piece::Expression(text) | Piece::Other(text) => out.push_str(text),
        }
    }
    out
}

/// The most `~`, `+` and `*` that a tag or expression holds, outside strings.
pub fn most_operators(source: &str) -> usize {
    Pieces::new(source)
        .map(|piece| match piece {
            Piece::Tag(code) | Piece::Expression(code) => operators(code),
            Piece::Other(_) => 0,
        })
        .max()
        .unwrap_or(0)
}

pub enum Piece<'a> {
    /// `{% ... %}`
    Tag(&'a str),
    /// `{{ ... }}`
    Expression(&'a str),
    /// Text, comments and what raw blocks hold.
    Other(&'a str),
}

pub struct Pieces<'a> {
    rest: &'a str,
    raw: bool,
}

impl<'a> Pieces<'a> {
    pub fn new(source: &'a str) -> Self {
        Pieces {
            rest: source,
            raw: false,
        }
    }

    fn take(&mut self, bytes: Option<usize>) -> &'a str {
        let (piece, rest) = self.rest.split_at(bytes.unwrap_or(self.rest.len()));
        self.rest = rest;
        piece
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.rest;
        let second = rest.as_bytes().get(1);
        Some(match rest.bytes().next()? {
            b'{' if second == Some(&b'%') => {
                let tag = self.take(code_end(rest, "%}"));
                match word(tag) {
                    "endraw" => self.raw = false,
                    _ if self.raw => return Some(Piece::Other(tag)),
                    "raw" => self.raw = true,
                    _ => {}
                }
                Piece::Tag(tag)
            }
            b'{' if second == Some(&b'{') && !self.raw => {
                Piece::Expression(self.take(code_end(rest, "}}")))
            }
            b'{' if second == Some(&b'#') && !self.raw => {
                Piece::Other(self.take(rest.find("#}").map(|at| at + 2)))
            }
            b'{' => Piece::Other(self.take(Some(1))),
            _ => Piece::Other(self.take(rest.find('{'))),
        })
    }
}

/// The first word of a `{%` tag.
pub fn word(tag: &str) -> &str {
    let inside = tag[2..].trim_start_matches(['-', '+']).trim_start();
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '_');
    &inside[..end.unwrap_or(inside.len())]
}

/// Where a tag or expression ends, past strings in it; none when it never does.
fn code_end(code: &str, closing: &str) -> Option<usize> {
    let bytes = code.as_bytes();
    let mut at = 2;
    while at < bytes.len() {
        if bytes[at..].starts_with(closing.as_bytes()) {
            return Some(at + closing.len());
        }
        at = after(bytes, at);
    }
    None
}

fn operators(code: &str) -> usize {
    let bytes = code.as_bytes();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        count += usize::from(matches!(bytes[at], b'~' | b'+' | b'*'));
        at = after(bytes, at);
    }
    count
}

/// The byte after the one at `at`, or after the string that begins there.
pub fn after(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    if quote != b'"' && quote != b'\'' {
        return at + 1;
    }
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != quote {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    end + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_scopes_and_keep_their_blank_control() {
        assert_eq!(
            without_generation_tags("a{%- generation -%} b {%+ endgeneration %}c"),
            "a{%- with -%} b {%+ endwith %}c"
        );
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        for source in [
            "{# {% generation %} #}",
            "{{ '{% generation %}' }}",
            "{% set x = '{% generation %}' %}",
            "{% raw %}{% generation %}{{ {# {% endraw %}",
            "{% if generation %}",
            "{",
            "{%",
            "{{ 'a\\",
            "{% x é",
        ] {
            assert_eq!(without_generation_tags(source), source);
        }
    }

    #[test]
    fn operators_are_counted_per_tag_and_outside_strings() {
        assert_eq!(
            most_operators("+++ {# + #}{{ a + '+' ~ \"~\\\"~\" }}{% set x = 1 * 2 + 3 * 4 %}"),
            3
        );
        assert_eq!(most_operators("no tag"), 0);
    }
}
