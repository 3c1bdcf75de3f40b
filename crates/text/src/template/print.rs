//! Printing a value that is no string. A list that holds another one twice, again and again, is small
//! but prints without end, so what a container prints is paid for while it is written.

use std::fmt::Write;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, Output, State, escape_formatter};

pub fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain => {
            let mut paid = Paid {
                out,
                state,
                refused: None,
            };
            let written = write!(paid, "{value}");
            match (paid.refused, written) {
                (Some(error), _) => Err(error),
                (None, written) => written.map_err(Error::from),
            }
        }
        _ => escape_formatter(out, state, value),
    }
}

struct Paid<'a, 'b, 'c, 'd> {
    out: &'a mut Output<'b>,
    state: &'a State<'c, 'd>,
    refused: Option<Error>,
}

impl Write for Paid<'_, '_, '_, '_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if let Err(error) = self.state.consume_fuel(1 + text.len() as u64 / 64) {
            self.refused = Some(error);
            return Err(std::fmt::Error);
        }
        self.out.write_str(text)
    }
}
