//! A component of Kubernetes.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::{
    cri::Line,
    programs::random::{pick, uuid},
};

/// A component of Kubernetes: klog, all on standard error.
pub(crate) fn klog(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let node = pick(rng, &["worker-1", "worker-2", "control-plane"]);
    let (severity, message) = match rng.u8(0..16) {
        0 => (
            'E',
            format!(
                "scraper.go:149] \"Failed to scrape node\" err=\"Get \\\"https://10.0.0.{}:10250/metrics/resource\\\": \
                 context deadline exceeded\" node=\"{node}\"",
                rng.u8(2..9),
            ),
        ),
        1 | 2 => (
            'W',
            format!("reflector.go:561] watch of *v1.Node ended with: too old resource version: {}", rng.u32(..)),
        ),
        3..=6 => ('I', "server.go:191] \"Failed probe\" probe=\"metric-storage-ready\" err=\"no metrics to store\"".into()),
        _ => (
            'I',
            format!(
                "httplog.go:132] \"HTTP\" verb=\"LIST\" URI=\"/apis/metrics.k8s.io/v1beta1/pods\" latency=\"{}.{:03}ms\" \
                 userAgent=\"kube-controller-manager\" audit-ID=\"{}\" srcIP=\"10.0.0.2:{}\" resp=200",
                rng.u8(1..60),
                rng.u16(..1000),
                uuid(rng),
                rng.u16(32_768..61_000),
            ),
        ),
    };
    vec![Line::err(format!("{severity}{} {:>7} {message}", at.format("%m%d %H:%M:%S%.6f"), 1))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::programs::testing::{contents, output};

    #[test]
    fn klog_has_its_header() {
        let lines = output(klog);
        for (stream, content) in contents(&lines) {
            assert_eq!(stream, "stderr");
            assert_eq!(&content[1..30], "1121 05:00:00.123456       1 ", "{content}");
        }
    }
}
