//! Many texts, one a line.

use std::io::{BufRead, BufWriter, Write};

use anyhow::Context;

use super::line::Asked;
use super::verdict::Judge;

/// Judges every line; false when one of them could not be.
pub(super) fn run(
    judge: &Judge,
    mut input: impl BufRead,
    output: impl Write,
    problems: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut output = BufWriter::new(output);
    let mut ok = true;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line).context("read standard input")? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let asked = serde_json::from_slice::<Asked>(&line).map_err(|error| error.to_string());
        match asked.and_then(|asked| judge.told(asked)) {
            Ok(told) => {
                serde_json::to_writer(&mut output, &told).context("write standard output")?;
                output.write_all(b"\n").context("write standard output")?;
            }
            Err(what) => {
                ok = false;
                writeln!(problems, "huiyin: line {number}: {what}").context("write standard error")?;
            }
        }
    }
    output.flush().context("write standard output")?;
    Ok(ok)
}
