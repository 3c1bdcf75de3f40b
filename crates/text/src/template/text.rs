//! Numbers and times as Python writes them.

use chrono::{DateTime, Local};
use minijinja::{Error, ErrorKind};
use std::fmt::Write;

/// repr(float): the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
pub fn python_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// datetime.now().strftime(format), at the given time if there is one.
pub fn local_time(unix_s: Option<i64>, format: &str) -> Result<String, Error> {
    let now = match unix_s {
        None => Local::now(),
        Some(seconds) => DateTime::from_timestamp(seconds, 0)
            .ok_or_else(|| wrong("wanted a time within 262000 years"))?
            .with_timezone(&Local),
    };
    let mut out = String::new();
    write!(out, "{}", now.format(format))
        .map_err(|_| wrong(&format!("strftime_now: unknown directive in {format:?}")))?;
    Ok(out)
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_python_s() {
        for (value, text) in [
            (0.0, "0.0"),
            (-2.5, "-2.5"),
            (21.0, "21.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e300, "1.25e+300"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn times_are_formatted_and_wrong_formats_refused() {
        let noon = Some(1_738_411_200 + 43_200);
        assert_eq!(local_time(noon, "%B %Y").unwrap(), "February 2025");
        assert!(local_time(noon, "%Q").is_err());
        assert!(local_time(Some(i64::MAX), "%Y").is_err());
    }
}
