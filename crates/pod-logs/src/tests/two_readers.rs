//! What the two ways to read a log promise each other.

use proptest::prelude::*;

use crate::{
    chunk::Progress,
    merge::chosen_lines::ChosenLines,
    query::LogQuery,
    render::{form::LogForm, rendering::Rendering},
    source::{
        files::{
            kubelet::{options::KubeletOptions, reading::KubeletReading},
            lines::{file_lines::FileLog, physical::tests::chain_of},
        },
        log_input::LogInput,
    },
};

proptest! {
    #[test]
    fn whole_lines_are_the_same_as_text(
        lines in prop::collection::vec((any::<bool>(), 0_u8..60, "[ -~äé]{0,30}"), 1..40),
        is_docker in any::<bool>(),
        timestamps in any::<bool>(),
    ) {
        let mut content = String::new();
        for (is_stdout, second, text) in &lines {
            let stream = if *is_stdout { "stdout" } else { "stderr" };
            let time = format!("2026-11-01T10:00:{second:02}Z");
            content += &if is_docker {
                let log = serde_json::to_string(&format!("{text}\n")).unwrap();
                format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
            } else {
                format!("{time} {stream} F {text}\n")
            };
        }
        let query = LogQuery { timestamps, ..LogQuery::default() };
        let log = LogInput::Files(FileLog::whole(chain_of(content.as_bytes(), 0)));
        let lines = ChosenLines::new(vec![log], &query).unwrap();
        let mut rendering = Rendering::new(lines, &query, LogForm::Text);
        let mut out = Vec::new();
        while rendering.write_chunk(&mut out).unwrap() == Progress::More {}
        let options = KubeletOptions { timestamps, ..KubeletOptions::default() };
        let log = FileLog::whole(chain_of(content.as_bytes(), 0));
        let mut reading = KubeletReading::new(log, &options).unwrap();
        let mut bytes = Vec::new();
        while reading.write_chunk(&mut bytes).unwrap() == Progress::More {}
        prop_assert_eq!(bytes, out);
    }
}
