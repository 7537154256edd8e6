//! Characters that text from outside may not hold: it is shown to people who decide by it.

use std::ops::RangeInclusive;

/// Characters without a visible form: `Default_Ignorable_Code_Point` of Unicode 16
/// (`DerivedCoreProperties.txt`), and the marks of interlinear annotations.
const INVISIBLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether the character shows nothing, so that two texts look alike and are not.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control() || INVISIBLE.iter().any(|range| range.contains(&character))
}

/// Whether the character changes in which order its neighbours are shown (UAX #9), or ends a line.
pub(crate) fn rearranges(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_all_scripts_are_visible_and_stay_where_they_are() {
        for character in ['a', 'ä', 'ß', '中', 'ع', 'א', 'क', '्', '-', '🚀'] {
            assert!(!is_invisible(character) && !rearranges(character), "{character:?}");
        }
    }

    #[test]
    fn invisible_and_reordering_characters_are_detected() {
        for character in ['\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\u{2029}', '\n', '\0'] {
            assert!(is_invisible(character) && rearranges(character), "{character:?}");
        }
        for character in ['\u{200b}', '\u{ad}', '\u{feff}', '\u{3164}', '\u{fe0f}', '\u{e0041}'] {
            assert!(is_invisible(character), "{character:?}");
        }
    }
}
