//! `docs/benchmarks.md`: what was measured, a section for each part. A run replaces the sections of
//! its own parts.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use local_services::clock;

use super::{machine, table::Report};

const BEGIN: &str = "\
# Benchmarks

Written by `cargo xtask bench --write`; [performance.md](performance.md) explains the figures. Each \
part runs beside a peer or a limit, in turns with it, on one machine with the load generator. **Only \
the ratio means anything on another machine.** It is the median of the rounds; the number in \
brackets is the ratio of the worst round, as a share of that median. A target is met when the \
median passes and the worst round is within 10 % of it.
";
/// Where the pictures are, beside the page.
const PICTURES: &str = "pictures/benchmarks";

/// The page, as it is and as it becomes.
pub(crate) struct Document {
    docs: PathBuf,
    /// The name and the text of each section.
    sections: Vec<(String, String)>,
}

impl Document {
    /// Reads the page in this directory, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn open(docs: &Path) -> anyhow::Result<Self> {
        let page = docs.join("benchmarks.md");
        let text = match page.exists() {
            true => fs::read_to_string(&page).with_context(|| format!("cannot read {page:?}"))?,
            false => String::new(),
        };
        let sections = text.split("\n## ").skip(1).filter_map(|section| {
            let (name, text) = section.split_once('\n')?;
            Some((name.to_owned(), text.trim().to_owned()))
        });
        Ok(Self { docs: docs.to_owned(), sections: sections.collect() })
    }

    /// Replaces the section of a part, and writes the page with all sections in this order.
    ///
    /// # Errors
    /// When a picture cannot be drawn, or a file cannot be written.
    pub(crate) fn write(
        &mut self,
        part: &str,
        report: &Report,
        order: &[String],
    ) -> anyhow::Result<()> {
        let mut text = format!(
            "{} On {}.\n\n```sh\ncargo xtask bench --write {part}\n```\n\n{}",
            clock::now().format("%Y-%m-%d."),
            machine::described(),
            report.markdown(),
        );
        for curve in report.curves() {
            let directory = self.docs.join(PICTURES);
            fs::create_dir_all(&directory)?;
            let file = format!("{}.svg", curve.name);
            fs::write(directory.join(&file), curve.svg()?)
                .with_context(|| format!("cannot write {file}"))?;
            write!(text, "\n\n![{}]({PICTURES}/{file})", curve.title)?;
        }
        self.sections.retain(|(name, _)| name != part);
        self.sections.push((part.to_owned(), text));
        let place = |name: &String| order.iter().position(|known| known == name);
        self.sections.retain(|(name, _)| place(name).is_some());
        self.sections.sort_by_key(|(name, _)| place(name));
        let page = self.sections.iter().fold(BEGIN.to_owned(), |page, (name, text)| {
            format!("{page}\n## {name}\n\n{}\n", text.trim())
        });
        let file = self.docs.join("benchmarks.md");
        fs::write(&file, page).with_context(|| format!("cannot write {file:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        curve::{Curve, CurveLine},
        table::Target,
    };

    fn report(figure: f64) -> Report {
        let mut report = Report::default();
        report.limit(
            "job",
            [figure, 1.0],
            |figure| format!("figure-{figure}"),
            Target::AtLeast(1.0),
        );
        report
    }

    #[test]
    fn a_run_replaces_its_own_sections_only() {
        let docs = tempfile::tempdir().unwrap();
        let order = ["download", "tail", "many"].map(str::to_owned);
        let write = |part: &str, report: &Report| {
            Document::open(docs.path()).unwrap().write(part, report, &order).unwrap();
        };
        write("many", &report(3.0));
        write("download", &report(4.0));
        write("many", &report(5.0));
        let page = fs::read_to_string(docs.path().join("benchmarks.md")).unwrap();
        let places = ["# Benchmarks", "## download", "figure-4 ", "## many", "figure-5 "];
        let places = places.map(|part| page.find(part).unwrap_or_else(|| panic!("{page}")));
        assert!(places.is_sorted(), "{page}");
        assert!(!page.contains("figure-3 ") && page.matches("## ").count() == 2, "{page}");
        assert!(page.contains("cargo xtask bench --write many"), "{page}");
    }

    #[test]
    fn curves_become_pictures() {
        let docs = tempfile::tempdir().unwrap();
        let mut report = report(1.0);
        let lines = vec![CurveLine { label: "l", points: vec![(1.0, 2.0), (2.0, 2.0)] }];
        report.curve(Curve { name: "growth", title: "Growth", across: "x", up: "y", lines });
        let order = ["tail".to_owned()];
        Document::open(docs.path()).unwrap().write("tail", &report, &order).unwrap();
        let page = fs::read_to_string(docs.path().join("benchmarks.md")).unwrap();
        assert!(page.contains("![Growth](pictures/benchmarks/growth.svg)"), "{page}");
        assert!(docs.path().join(PICTURES).join("growth.svg").exists());
    }
}
