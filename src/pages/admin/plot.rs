//! Simple plots as inline SVG, each with the same figures as a table for those who cannot see it.

use maud::{Markup, html};
use plotters::prelude::{AreaSeries, BLACK, ChartBuilder, Color, IntoDrawingArea, LineSeries, SVGBackend, TRANSPARENT};

use super::parts::table;
use crate::domain::language::Language;
use crate::domain::texts::{desk as texts, numbers};
use crate::pages::clean_html::CleanHtml;

/// One value with what stands below it.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    pub label: &'a str,
    pub value: i64,
}

/// Width and height in the drawing's own units; the style sheet lets it shrink.
const SIZE: (u32, u32) = (720, 260);

/// A line over the points in their order; nothing for fewer than two of them.
pub(super) fn plot(language: Language, title: &str, points: &[Point<'_>]) -> Markup {
    let svg = if points.len() < 2 { None } else { draw(language, points) };
    html! {
        @if let Some(svg) = svg {
            figure.plot {
                figcaption { (title) }
                // On a narrow screen it keeps its size, so that its numbers can be read, and scrolls by itself.
                div.scroll tabindex="0" role="group" aria-label=(title) {
                    div role="img" aria-label=(title) { (CleanHtml::vouched(&svg).markup()) }
                }
                details {
                    summary { (texts::plot_as_table(language)) }
                    (table(title, &[texts::column_when(language), texts::column_count(language)], &html! {
                        @for point in points {
                            tr { th scope="row" { (point.label) } td { (numbers::count(language, point.value)) } }
                        }
                    }))
                }
            }
        }
    }
}

/// Colours are the style sheet's business, so that they follow light and dark. A drawing that fails is left out:
/// the table says the same.
fn draw(language: Language, points: &[Point<'_>]) -> Option<String> {
    let last = points.len() - 1;
    let top = points.iter().map(|point| point.value).max().unwrap_or(0).max(1);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .margin_right(56)
            .x_label_area_size(32)
            .y_label_area_size(64)
            .build_cartesian_2d(0..last, 0..top + top / 10 + 1)
            .ok()?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            // Not `max_light_lines(0)`: plotters 0.3.7 then looks for a finer grid without end.
            .light_line_style(TRANSPARENT)
            .x_labels(points.len().min(6))
            .y_labels(5)
            .x_label_formatter(&|place| points.get(*place).map(|point| point.label.to_owned()).unwrap_or_default())
            .y_label_formatter(&|value| numbers::count(language, *value))
            .label_style(("sans-serif", 14))
            .draw()
            .ok()?;
        let series = || points.iter().enumerate().map(|(place, point)| (place, point.value));
        chart.draw_series(AreaSeries::new(series(), 0, BLACK.mix(0.1))).ok()?;
        chart.draw_series(LineSeries::new(series(), BLACK.stroke_width(3))).ok()?;
        area.present().ok()?;
    }
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_any_size_make_a_plot_with_their_numbers_in_it() {
        for values in [[0, 0, 0], [1, 0, 1], [7, 12, 3], [10_000_000, 0, 9_999_999]] {
            let points = values.map(|value| Point { label: "maart", value });
            let plot = plot(Language::Nl, "Abonnees", &points).into_string();
            assert!(plot.contains("<svg") && plot.contains("maart"), "{values:?}");
            assert!(plot.contains(&numbers::count(Language::Nl, values[1])), "{values:?}");
        }
        assert_eq!(plot(Language::Nl, "Abonnees", &[Point { label: "maart", value: 3 }]).into_string(), "");
    }
}
