//! What the benchmarks found, as the rows of a Markdown table.

/// One comparison with its limit.
pub struct Row {
    pub benchmark: &'static str,
    pub case: String,
    pub measured: String,
    pub limit: String,
    /// Of what is measured to its limit, with the bar that it has to pass.
    pub ratio: String,
    pub bar: &'static str,
}

/// Prints a table.
pub fn print_table(rows: &[Row]) {
    println!("\n| benchmark | case | measured | limit | ratio | bar |");
    println!("|---|---|---|---|---|---|");
    for Row { benchmark, case, measured, limit, ratio, bar } in rows {
        println!("| `{benchmark}` | {case} | {measured} | {limit} | {ratio} | {bar} |");
    }
}
