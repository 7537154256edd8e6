//! The table that a run prints, bench by bench.

use std::fmt::{self, Display, Formatter};

use crate::report::{
    curve::Curve,
    rounds::{Rounds, median},
};

/// Above the first row.
pub(crate) const HEADER: &str =
    "job                                              ours         peer  ratio  spread  target";

/// The result of a bench.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
    curves: Vec<Curve>,
}

/// One figure beside another. The spread is the worst round's ratio to the median's.
#[derive(Debug)]
struct Row {
    job: String,
    ours: String,
    peer: String,
    ratio: Option<f64>,
    spread: Option<f64>,
    target: Target,
}

/// The target of the ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// There is no target.
    None,
}

impl Report {
    /// Adds a row of figures measured in rounds, formatted by `unit`.
    pub(crate) fn rounds(
        &mut self,
        job: &str,
        rounds: &Rounds,
        unit: impl Fn(f64) -> String,
        target: Target,
    ) {
        let ratios = rounds.ratios();
        let worst = target.worst(&ratios);
        let ratio = median(ratios);
        self.rows.push(Row {
            job: job.to_owned(),
            ours: unit(rounds.ours()),
            peer: unit(rounds.peer()),
            ratio: Some(ratio),
            spread: Some(worst / ratio),
            target,
        });
    }

    /// Adds a figure measured once, against a limit.
    pub(crate) fn limit(
        &mut self,
        job: &str,
        [ours, limit]: [f64; 2],
        unit: impl Fn(f64) -> String,
        target: Target,
    ) {
        self.rows.push(Row {
            job: job.to_owned(),
            ours: unit(ours),
            peer: unit(limit),
            ratio: Some(ours / limit),
            spread: None,
            target,
        });
    }

    /// Adds a figure measured once, without a limit.
    pub(crate) fn figure(&mut self, job: &str, ours: String) {
        let row = Row {
            job: job.to_owned(),
            ours,
            peer: "-".to_owned(),
            ratio: None,
            spread: None,
            target: Target::None,
        };
        self.rows.push(row);
    }

    /// Adds a picture.
    pub(crate) fn curve(&mut self, curve: Curve) {
        self.curves.push(curve);
    }

    pub(crate) fn curves(&self) -> &[Curve] {
        &self.curves
    }

    /// The rows as a table of Markdown, and the warnings below it.
    pub(crate) fn markdown(&self) -> String {
        let mut text = "| job | ratio | ours | peer or limit | target | |\n\
                        | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        self.rows.iter().for_each(|row| text.push_str(&row.markdown()));
        self.notes.iter().for_each(|note| text.push_str(&format!("\n- {note}")));
        text
    }

    /// Adds a warning below the rows.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

impl Row {
    fn markdown(&self) -> String {
        let Self { job, ours, peer, ratio, spread, target } = self;
        let ratio = match (ratio, spread) {
            (Some(ratio), Some(spread)) => format!("{ratio:.2} ({spread:.2})"),
            (Some(ratio), None) => format!("{ratio:.2}"),
            (None, _) => "-".to_owned(),
        };
        format!("| {job} | {ratio} | {ours} | {peer} | {target} | {} |\n", self.verdict())
    }

    /// Met if the median passes and the worst round is within a tenth of it.
    fn verdict(&self) -> &'static str {
        match self.ratio.and_then(|ratio| self.target.is_met_by(ratio)) {
            None => "",
            Some(false) => "missed",
            Some(true) => match self.spread {
                Some(spread) if !(0.9..=1.1).contains(&spread) => "met, but for the worst round",
                _ => "met",
            },
        }
    }
}

impl Target {
    /// `None` where there is no target.
    fn is_met_by(self, ratio: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(ratio >= least),
            Self::AtMost(most) => Some(ratio <= most),
            Self::None => None,
        }
    }

    fn worst(self, ratios: &[f64]) -> f64 {
        let ratios = ratios.iter().copied();
        match self {
            Self::AtMost(_) => ratios.fold(f64::MIN, f64::max),
            Self::AtLeast(_) | Self::None => ratios.fold(f64::MAX, f64::min),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        for note in &self.notes {
            writeln!(f, "  ! {note}")?;
        }
        Ok(())
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { job, ours, peer, ratio, spread, target } = self;
        let figure = |figure: &Option<f64>| {
            figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"))
        };
        let (ratio, spread) = (figure(ratio), figure(spread));
        write!(f, "{job:<40} {ours:>12} {peer:>12} {ratio:>6} {spread:>7}  {target}")
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(target) => write!(f, "≥ {target:.2}"),
            Self::AtMost(target) => write!(f, "≤ {target:.2}"),
            Self::None => f.write_str("-"),
        }
    }
}

/// `1.50 GB/s`
pub(crate) fn gigabytes_a_second(figure: f64) -> String {
    format!("{:.2} GB/s", figure / 1e9)
}

/// `1.5 MiB`
pub(crate) fn mebibytes(figure: f64) -> String {
    format!("{:.1} MiB", figure / 1024.0 / 1024.0)
}

/// `240 B`
pub(crate) fn bytes(figure: f64) -> String {
    format!("{figure:.0} B")
}

/// `1.5 s`
pub(crate) fn seconds(figure: f64) -> String {
    format!("{figure:.1} s")
}

/// `120 µs`
pub(crate) fn microseconds(figure: f64) -> String {
    format!("{:.0} µs", figure * 1e6)
}

/// `12.3 k/s`
pub(crate) fn thousands_a_second(figure: f64) -> String {
    format!("{:.1} k/s", figure / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_on_the_far_side_of_the_target() {
        assert_eq!(Target::AtMost(1.5).worst(&[1.0, 2.0, 0.5]), 2.0);
        assert_eq!(Target::AtLeast(1.5).worst(&[1.0, 2.0, 0.5]), 0.5);
    }

    #[test]
    fn a_target_is_met_when_the_median_passes_and_the_worst_round_is_near() {
        let verdict = |figures: [f64; 3], target| {
            let mut rounds = Rounds::default();
            figures.iter().for_each(|figure| rounds.add(*figure, 1.0));
            let mut report = Report::default();
            report.rounds("job", &rounds, |figure| format!("{figure}"), target);
            let markdown = report.markdown();
            markdown.lines().last().unwrap().rsplit('|').nth(1).unwrap().trim().to_owned()
        };
        let least = Target::AtLeast(1.0);
        assert_eq!(verdict([1.0, 1.1, 1.2], least), "met");
        assert_eq!(verdict([0.9, 1.1, 1.2], least), "met, but for the worst round");
        assert_eq!(verdict([0.8, 0.9, 1.2], least), "missed");
        assert_eq!(verdict([0.8, 0.9, 1.2], Target::AtMost(1.0)), "met, but for the worst round");
        assert_eq!(verdict([0.8, 0.9, 1.2], Target::None), "");
    }

    #[test]
    fn rows_stand_below_the_header() {
        let mut rounds = Rounds::default();
        rounds.add(3e9, 1e9);
        rounds.add(2e9, 1e9);
        rounds.add(4e9, 1e9);
        let mut report = Report::default();
        report.rounds("download", &rounds, gigabytes_a_second, Target::AtLeast(2.0));
        report.note("a byte was wrong".to_owned());
        let text = report.to_string();
        let mut lines = text.lines();
        let row = lines.next().unwrap();
        assert_eq!(
            row.split_whitespace().collect::<Vec<_>>().join(" "),
            "download 3.00 GB/s 1.00 GB/s 3.00 0.67 ≥ 2.00"
        );
        assert_eq!(row.find('≥'), HEADER.find("target"));
        assert_eq!(lines.next(), Some("  ! a byte was wrong"));
    }
}
