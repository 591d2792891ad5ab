//! Text on its way into a page.

use std::fmt::Write;

/// A page as it is written. What is not a constant of this program goes through [`Markup::text`], so nothing that people or models
/// wrote can become markup.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, fit for content and for values of attributes in double quotes. Characters that are not seen and could change how others are
    /// read become visible.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                // Overrides and isolates of direction.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.push('\u{fffd}'),
                c if c.is_control() => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        self
    }

    /// A coordinate, to a tenth.
    pub(super) fn number(&mut self, number: f64) -> &mut Self {
        // Writing to a string does not fail.
        let _written = write!(self.0, "{:.1}", if number.is_finite() { number } else { 0.0 });
        self
    }

    /// The page.
    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Opens a plot; its size is that of its view.
    pub(super) fn open_plot(&mut self, title: &str, width: f64, height: f64) -> &mut Self {
        self.raw("<div class=\"wide\"><svg role=\"img\" aria-label=\"")
            .text(title)
            .raw("\" viewBox=\"0 0 ")
            .number(width)
            .raw(" ");
        self.number(height).raw("\" style=\"max-width:").number(width).raw("px\">\n")
    }

    /// Closes it.
    pub(super) fn close_plot(&mut self) -> &mut Self {
        self.raw("</svg></div>\n")
    }

    /// A rectangle of a class.
    pub(super) fn rectangle(&mut self, class: &'static str, area: Area) -> &mut Self {
        self.raw("<rect class=\"").raw(class).raw("\" x=\"").number(area.x).raw("\" y=\"").number(area.y);
        self.raw("\" width=\"").number(area.width).raw("\" height=\"").number(area.height).raw("\"/>\n")
    }

    /// A line of a class.
    pub(super) fn line(&mut self, class: &'static str, from: Point, to: Point) -> &mut Self {
        self.raw("<line class=\"").raw(class).raw("\" x1=\"").number(from.x).raw("\" y1=\"").number(from.y);
        self.raw("\" x2=\"").number(to.x).raw("\" y2=\"").number(to.y).raw("\"/>\n")
    }

    /// A dot of a class.
    pub(super) fn dot(&mut self, class: &'static str, at: Point) -> &mut Self {
        self.raw("<circle class=\"").raw(class).raw("\" cx=\"").number(at.x).raw("\" cy=\"").number(at.y);
        self.raw("\" r=\"5\"/>\n")
    }

    /// A label of a class; the class says how it is aligned.
    pub(super) fn label(&mut self, class: &'static str, at: Point, label: &str) -> &mut Self {
        self.raw("<text class=\"")
            .raw(class)
            .raw("\" x=\"")
            .number(at.x)
            .raw("\" y=\"")
            .number(at.y)
            .raw("\">");
        self.text(label).raw("</text>\n")
    }

    /// A table with a head; it can be folded away behind its plot.
    pub(super) fn folded_table<const N: usize>(
        &mut self,
        summary: &str,
        head: [&str; N],
        rows: &[[String; N]],
    ) -> &mut Self {
        self.raw("<details><summary>").text(summary).raw("</summary>\n");
        self.table(head, rows).raw("</details>\n")
    }

    /// A table with a head; the first column names the rows.
    pub(super) fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) -> &mut Self {
        self.raw("<div class=\"wide\"><table>\n<thead><tr>");
        for name in head {
            self.raw("<th scope=\"col\">").text(name).raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            for (column, cell) in row.iter().enumerate() {
                if column == 0 {
                    self.raw("<th scope=\"row\">").text(cell).raw("</th>");
                } else {
                    self.raw("<td>").text(cell).raw("</td>");
                }
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table></div>\n")
    }
}

/// A place in a plot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// An area of a plot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A label cut to so many places; the whole stands in the table.
pub(super) fn cut(label: &str, most: usize) -> String {
    let places = |c: char| if c.is_ascii() { 1 } else { 2 };
    let (mut used, mut cut) = (0, String::new());
    for c in label.chars() {
        used += places(c);
        if used > most {
            cut.push('…');
            break;
        }
        cut.push(c);
    }
    cut
}
