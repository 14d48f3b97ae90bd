//! The link as a QR code. It does not contain the code, which the owner has to read and type.

use qrcode::{Color, EcLevel, QrCode};

/// The light border, in modules. The standard asks for 4, and readers need only 2.
const QUIET: usize = 2;
/// Black on white, whatever the terminal's colours are.
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const RESET: &str = "\x1b[0m";

/// Draws two modules as one character, or one module as two characters in ASCII. `None` if `width` columns are too few. Without
/// colours it draws the light modules, for a dark terminal.
pub(super) fn draw(link: &str, width: usize, colour: bool, ascii: bool) -> Option<String> {
    let code = QrCode::with_error_correction_level(link, EcLevel::L).ok()?;
    let side = code.width();
    let is_dark = |x: usize, y: usize| {
        let inside = (QUIET..QUIET + side).contains(&x) && (QUIET..QUIET + side).contains(&y);
        inside && code[(x - QUIET, y - QUIET)] == Color::Dark
    };
    let whole = side + 2 * QUIET;
    let rows: Vec<String> = if ascii {
        (0..whole).map(|y| (0..whole).map(|x| if is_dark(x, y) == colour { "##" } else { "  " }).collect()).collect()
    } else {
        (0..whole).step_by(2).map(|y| (0..whole).map(|x| letter((is_dark(x, y), is_dark(x, y + 1)), colour)).collect()).collect()
    };
    let columns = if ascii { 2 * whole } else { whole };
    (columns < width).then(|| rows.into_iter().map(|row| paint(row, colour)).collect::<Vec<_>>().join("\n"))
}

fn paint(row: String, colour: bool) -> String {
    if colour { format!("{BLACK_ON_WHITE}{row}{RESET}") } else { row }
}

/// The character for an upper and a lower module.
fn letter((upper, lower): (bool, bool), dark_is_drawn: bool) -> char {
    match (upper == dark_is_drawn, lower == dark_is_drawn) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://app.opentrain.ai/claim?token=ot_cat_0123456789abcdef";

    #[test]
    fn it_fits_or_is_not_drawn() {
        let drawn = draw(LINK, 80, false, false).unwrap();
        let width = drawn.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(width < 60 && drawn.lines().count() == width.div_ceil(2), "{width}");
        assert_eq!(draw(LINK, width, false, false), None);
        assert!(draw(LINK, width + 1, false, false).is_some());
    }

    #[test]
    fn ascii_takes_twice_the_width_and_says_the_same() {
        let (ascii, blocks) = (draw(LINK, 120, false, true).unwrap(), draw(LINK, 120, false, false).unwrap());
        assert!(ascii.is_ascii() && ascii.lines().count() == blocks.lines().count() * 2 - 1);
        let light = |text: &str, per: &[(char, usize)]| {
            let worth = |letter| per.iter().find(|(known, _)| *known == letter).map_or(0, |(_, worth)| *worth);
            text.chars().map(worth).sum::<usize>()
        };
        let below = ascii.lines().next().unwrap().len();
        // The last row of blocks has a lower half that is not there, drawn as light.
        assert_eq!(light(&ascii, &[('#', 1)]) + below, light(&blocks, &[('█', 4), ('▀', 2), ('▄', 2)]));
    }

    #[test]
    fn around_it_is_light() {
        let drawn = draw(LINK, 80, false, false).unwrap();
        assert!(drawn.lines().next().unwrap().chars().all(|letter| letter == '█'));
        let coloured = draw(LINK, 80, true, false).unwrap();
        let first = coloured.lines().next().unwrap();
        assert!(first.starts_with(BLACK_ON_WHITE) && first.ends_with(RESET) && !first.contains('█'));
    }
}
