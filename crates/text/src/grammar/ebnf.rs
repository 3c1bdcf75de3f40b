//! Grammars in EBNF, as llama.cpp's GBNF and xgrammar write it, turned into the Lark that llguidance
//! reads:
//!
//!   root ::= "yes" | item+        # rules, alternatives, groups, * + ? {2,3}
//!   item ::= [a-z0-9_] . "\n"     # classes, any character, escapes
//!
//! `root` is where it begins. A rule that does not come back to itself is one terminal of Lark, so
//! that the lexer sees all of it; the others are rules.

use std::collections::HashMap;
use std::fmt::Write;

use super::source::literal;
use crate::error::{Error, Result};

const MAX_NESTING: usize = 200;
const MAX_REPEATS: u32 = 10_000;

/// `::=` outside of comments and quotes is what only EBNF has.
pub fn is_ebnf(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let name = line.find(|c: char| !is_name(c)).unwrap_or(line.len());
        name > 0 && line[name..].trim_start().starts_with("::=")
    })
}

/// Errors: InvalidArgument with line and column.
pub fn to_lark(text: &str) -> Result<String> {
    let rules = Parser::new(text).rules()?;
    Ok(Writer::new(&rules).lark())
}

enum Node {
    Text(String),
    /// As a regular expression.
    Class(String),
    Rule(usize),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, u32, Option<u32>),
}

struct Rules {
    root: usize,
    bodies: Vec<Node>,
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.'
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nesting: usize,
    numbers: HashMap<&'a str, usize>,
    /// Where each rule was first named.
    named_at: Vec<usize>,
    bodies: Vec<Option<Node>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Parser {
            text,
            at: 0,
            nesting: 0,
            numbers: HashMap::new(),
            named_at: Vec::new(),
            bodies: Vec::new(),
        }
    }

    fn rules(mut self) -> Result<Rules> {
        self.skip_blanks();
        while self.at < self.text.len() {
            let at = self.at;
            let Some(name) = self.definition() else {
                return Err(self.wanted("a rule: name ::= ..."));
            };
            let number = self.number(name, at);
            if self.bodies[number].is_some() {
                self.at = at;
                return Err(self.wanted(&format!("one rule {name:?}, found another")));
            }
            self.bodies[number] = Some(self.choice()?);
            self.skip_blanks();
        }
        let Some(&root) = self.numbers.get("root") else {
            return Err(Error::invalid(
                "grammar: wanted a rule \"root\", found none",
            ));
        };
        let mut bodies = Vec::with_capacity(self.bodies.len());
        for (number, body) in std::mem::take(&mut self.bodies).into_iter().enumerate() {
            let Some(body) = body else {
                self.at = self.named_at[number];
                return Err(self.wanted("a name that some rule defines"));
            };
            bodies.push(body);
        }
        Ok(Rules { root, bodies })
    }

    fn number(&mut self, name: &'a str, at: usize) -> usize {
        let next = self.bodies.len();
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.bodies.push(None);
            self.named_at.push(at);
        }
        number
    }

    /// The name of a rule that begins here, left behind its `::=`; None: there is none, and nothing
    /// was passed.
    fn definition(&mut self) -> Option<&'a str> {
        let begin = self.at;
        let name = self.name();
        if let Some(name) = name {
            self.skip_blanks();
            if self.rest().starts_with("::=") {
                self.at += 3;
                return Some(name);
            }
        }
        self.at = begin;
        None
    }

    fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return None;
        }
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        self.at += end;
        Some(&rest[..end])
    }

    fn choice(&mut self) -> Result<Node> {
        let mut options = vec![self.sequence()?];
        while self.skip('|') {
            options.push(self.sequence()?);
        }
        Ok(match options.len() {
            1 => options.remove(0),
            _ => Node::Choice(options),
        })
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            let Some(item) = self.item()? else {
                return Ok(Node::Sequence(items));
            };
            let item = self.repeated(item)?;
            items.push(item);
        }
    }

    fn item(&mut self) -> Result<Option<Node>> {
        let at = self.at;
        if self.definition().is_some() {
            self.at = at;
            return Ok(None);
        }
        Ok(Some(match self.peek() {
            Some('"') => self.text()?,
            Some('[') => self.class()?,
            Some('.') => {
                self.at += 1;
                Node::Class("[\\x{0}-\\x{10FFFF}]".to_string())
            }
            Some('(') => self.group()?,
            Some(c) if is_name_start(c) => {
                let name = self.name().unwrap_or_default();
                Node::Rule(self.number(name, at))
            }
            Some('|' | ')') | None => return Ok(None),
            Some(_) => return Err(self.wanted("a text, a class, a group or a rule's name")),
        }))
    }

    fn group(&mut self) -> Result<Node> {
        self.at += 1;
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.wanted(&format!("at most {MAX_NESTING} nested groups")));
        }
        let inside = self.choice()?;
        self.nesting -= 1;
        if !self.skip(')') {
            return Err(self.wanted("\")\""));
        }
        Ok(inside)
    }

    fn repeated(&mut self, mut item: Node) -> Result<Node> {
        for _ in 0..MAX_NESTING {
            let (least, most) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => {
                    let bounds = self.bounds()?;
                    item = Node::Repeat(Box::new(item), bounds.0, bounds.1);
                    continue;
                }
                _ => return Ok(item),
            };
            self.at += 1;
            item = Node::Repeat(Box::new(item), least, most);
        }
        Err(self.wanted("fewer repetitions of repetitions"))
    }

    /// {m}, {m,} or {m,n}
    fn bounds(&mut self) -> Result<(u32, Option<u32>)> {
        self.at += 1;
        let least = self.count()?;
        let most = if self.skip(',') {
            self.skip_blanks();
            match self.peek() {
                Some('}') => None,
                _ => Some(self.count()?),
            }
        } else {
            Some(least)
        };
        if !self.skip('}') || most.is_some_and(|most| most < least) {
            return Err(self.wanted("a number of times: {m}, {m,} or {m,n}"));
        }
        Ok((least, most))
    }

    fn count(&mut self) -> Result<u32> {
        self.skip_blanks();
        let rest = self.rest();
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        match rest[..digits].parse::<u32>() {
            Ok(count) if count <= MAX_REPEATS => {
                self.at += digits;
                Ok(count)
            }
            _ => Err(self.wanted(&format!("a number of at most {MAX_REPEATS}"))),
        }
    }

    fn text(&mut self) -> Result<Node> {
        self.at += 1;
        let mut out = String::new();
        loop {
            match self.peek() {
                Some('"') => break,
                None | Some('\n') => return Err(self.wanted("a closing quote")),
                Some(_) => out.push(self.character()?),
            }
        }
        self.at += 1;
        Ok(Node::Text(out))
    }

    fn class(&mut self) -> Result<Node> {
        self.at += 1;
        let mut out = String::from("[");
        if self.peek() == Some('^') {
            self.at += 1;
            out.push('^');
        }
        let empty = out.len();
        while self.peek() != Some(']') {
            if matches!(self.peek(), None | Some('\n')) {
                return Err(self.wanted("\"]\""));
            }
            let first = self.character()?;
            let mut last = first;
            let rest = self.rest();
            if rest.starts_with('-') && !rest.starts_with("-]") {
                self.at += 1;
                last = self.character()?;
            }
            if last < first {
                return Err(self.wanted("a range whose end is not before its begin"));
            }
            // Writing to a string cannot fail.
            let _ = write!(out, "\\x{{{:X}}}-\\x{{{:X}}}", first as u32, last as u32);
        }
        if out.len() == empty {
            return Err(self.wanted("a class of at least one character"));
        }
        self.at += 1;
        out.push(']');
        Ok(Node::Class(out))
    }

    /// One of a text or a class, escapes resolved.
    fn character(&mut self) -> Result<char> {
        let begin = self.at;
        let Some(c) = self.next() else {
            return Err(self.wanted("a character"));
        };
        if c != '\\' {
            return Ok(c);
        }
        let digits = match self.next() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some(c) if c.is_ascii_punctuation() => return Ok(c),
            _ => {
                self.at = begin;
                return Err(self.wanted("a known escape (\\n \\r \\t \\x41 \\u0041 \\\\ \\\" ...)"));
            }
        };
        let hex = self.rest().get(..digits).unwrap_or_default();
        let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        let Some(c) = code else {
            self.at = begin;
            return Err(self.wanted(&format!("a character of {digits} hexadecimal digits")));
        };
        self.at += digits;
        Ok(c)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self, c: char) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// Blanks, line ends and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn wanted(&self, what: &str) -> Error {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Error::invalid(format!(
            "grammar: line {line}, column {column}: wanted {what}"
        ))
    }
}

struct Writer<'a> {
    rules: &'a Rules,
    recursive: Vec<bool>,
    out: String,
}

impl<'a> Writer<'a> {
    fn new(rules: &'a Rules) -> Self {
        Writer {
            rules,
            recursive: recursive(rules),
            out: String::new(),
        }
    }

    fn lark(mut self) -> String {
        self.out.push_str("start: ");
        self.name(self.rules.root);
        self.out.push('\n');
        for (number, body) in self.rules.bodies.iter().enumerate() {
            self.name(number);
            self.out.push_str(": ");
            self.node(body);
            self.out.push('\n');
        }
        self.out
    }

    fn name(&mut self, number: usize) {
        let kind = if self.recursive[number] { 'r' } else { 'T' };
        let _ = write!(self.out, "{kind}{number}");
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text(text) if text.is_empty() => self.out.push_str("\"\""),
            Node::Text(text) => {
                let _ = write!(self.out, "/{}/", literal(text));
            }
            Node::Class(class) => {
                let _ = write!(self.out, "/{class}/");
            }
            Node::Rule(number) => self.name(*number),
            Node::Sequence(items) if items.is_empty() => self.out.push_str("\"\""),
            Node::Sequence(items) => self.list(items, " "),
            Node::Choice(options) => self.list(options, " | "),
            Node::Repeat(item, least, most) => {
                self.list(std::slice::from_ref(item), "");
                match (least, most) {
                    (0, None) => self.out.push('*'),
                    (1, None) => self.out.push('+'),
                    (0, Some(1)) => self.out.push('?'),
                    (least, None) => {
                        let _ = write!(self.out, "{{{least},}}");
                    }
                    (least, Some(most)) => {
                        let _ = write!(self.out, "{{{least},{most}}}");
                    }
                }
            }
        }
    }

    fn list(&mut self, items: &[Node], between: &str) {
        self.out.push('(');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(between);
            }
            self.node(item);
        }
        self.out.push(')');
    }
}

/// Whether each rule can come back to itself, or to one that can.
fn recursive(rules: &Rules) -> Vec<bool> {
    let uses: Vec<Vec<usize>> = rules
        .bodies
        .iter()
        .map(|body| {
            let mut used = Vec::new();
            add_uses(body, &mut used);
            used
        })
        .collect();
    // A rule is plain once all that it uses are: what never becomes plain is recursive.
    let mut users = vec![Vec::new(); uses.len()];
    let mut left: Vec<usize> = uses.iter().map(Vec::len).collect();
    for (number, used) in uses.iter().enumerate() {
        for &each in used {
            users[each].push(number);
        }
    }
    let mut plain: Vec<usize> = (0..left.len()).filter(|&n| left[n] == 0).collect();
    let mut recursive = vec![true; left.len()];
    while let Some(number) = plain.pop() {
        recursive[number] = false;
        for &user in &users[number] {
            left[user] -= 1;
            if left[user] == 0 {
                plain.push(user);
            }
        }
    }
    recursive
}

fn add_uses(node: &Node, used: &mut Vec<usize>) {
    match node {
        Node::Text(_) | Node::Class(_) => {}
        Node::Rule(number) => used.push(*number),
        Node::Sequence(items) | Node::Choice(items) => {
            items.iter().for_each(|item| add_uses(item, used));
        }
        Node::Repeat(item, ..) => add_uses(item, used),
    }
}
