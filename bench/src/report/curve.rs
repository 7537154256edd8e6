//! How a figure grows with another one, as a picture.

use anyhow::{Context, anyhow};
use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    drawing::IntoDrawingArea,
    element::{Circle, PathElement},
    prelude::{IntoLogRange, LineSeries, SVGBackend},
    style::{BLACK, Color, RGBColor, WHITE},
};

const SIZE: (u32, u32) = (640, 360);
/// Tell the lines apart also without colours being seen.
const COLOURS: [RGBColor; 3] = [RGBColor(0, 90, 181), RGBColor(220, 50, 32), RGBColor(26, 133, 60)];

/// Lines over one axis, both axes logarithmic: what is proportional has a slope of 45 degrees, what
/// does not grow is level.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    /// The name of its file, without the ending.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What the horizontal axis counts.
    pub(crate) across: &'static str,
    /// What the vertical axis counts.
    pub(crate) up: &'static str,
    pub(crate) lines: Vec<CurveLine>,
}

/// A line of a curve: its label, and its points from left to right.
#[derive(Debug, Clone)]
pub(crate) struct CurveLine {
    pub(crate) label: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Curve {
    /// The picture.
    ///
    /// # Errors
    /// When a point cannot stand on logarithmic axes, or there is none.
    pub(crate) fn svg(&self) -> anyhow::Result<String> {
        let points: Vec<_> = self.lines.iter().flat_map(|line| &line.points).collect();
        let range = |of: fn(&(f64, f64)) -> f64| {
            let figures = points.iter().map(|point| of(point));
            let (least, most) = figures
                .fold((f64::MAX, 0.0), |(least, most): (f64, f64), figure| {
                    (least.min(figure), most.max(figure))
                });
            (least > 0.0 && most > 0.0).then_some((least / 1.5)..(most * 1.5))
        };
        let across = range(|point| point.0).context("a curve begins at more than zero")?;
        let up = range(|point| point.1).context("a curve has figures above zero")?;
        let mut svg = String::new();
        self.draw(across, up, &mut svg).map_err(|error| anyhow!("cannot draw: {error}"))?;
        Ok(svg)
    }

    fn draw(
        &self,
        across: std::ops::Range<f64>,
        up: std::ops::Range<f64>,
        svg: &mut String,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(76)
            .build_cartesian_2d(across.log_scale(), up.log_scale())?;
        let label = |figure: &f64| short(*figure);
        chart
            .configure_mesh()
            .x_desc(self.across)
            .y_desc(self.up)
            .x_label_formatter(&label)
            .y_label_formatter(&label)
            .light_line_style(WHITE)
            .draw()?;
        for (line, colour) in self.lines.iter().zip(COLOURS.into_iter().cycle()) {
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?
                .label(line.label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
            let dots = line.points.iter().map(|point| Circle::new(*point, 3, colour.filled()));
            chart.draw_series(dots)?;
        }
        if self.lines.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE)
                .border_style(BLACK)
                .draw()?;
        }
        area.present()?;
        Ok(())
    }
}

/// A figure on an axis: `1`, `20k`, `1.5M`.
fn short(figure: f64) -> String {
    let (figure, unit) = match figure {
        figure if figure >= 1e9 => (figure / 1e9, "G"),
        figure if figure >= 1e6 => (figure / 1e6, "M"),
        figure if figure >= 1e3 => (figure / 1e3, "k"),
        figure => (figure, ""),
    };
    let text = format!("{figure:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: Vec<(f64, f64)>) -> Curve {
        let lines = vec![CurveLine { label: "ours", points }];
        Curve { name: "c", title: "Growth", across: "sessions", up: "requests/s", lines }
    }

    #[test]
    fn a_curve_is_drawn_with_its_labels() {
        let svg = curve(vec![(1.0, 50_000.0), (1e3, 49_000.0), (1e6, 40_000.0)]).svg().unwrap();
        for part in ["<svg", "Growth", "sessions", "requests/s", "<circle"] {
            assert!(svg.contains(part), "{part}");
        }
    }

    #[test]
    fn what_has_no_place_on_the_axes_is_refused() {
        curve(vec![]).svg().unwrap_err();
        curve(vec![(0.0, 1.0)]).svg().unwrap_err();
    }

    #[test]
    fn figures_on_axes_are_short() {
        for (figure, expected) in [(1.0, "1"), (0.25, "0.25"), (20_000.0, "20k"), (1.5e6, "1.5M")] {
            assert_eq!(short(figure), expected);
        }
    }
}
