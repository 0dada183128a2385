//! Whether an output can keep its deadline at all: asked before it is armed.
//!
//! A write overtakes every read that waits, but not the one that is out: on a device with one
//! connection it stands behind that read's answer, and when none comes, behind its time-out. An output
//! whose deadline is shorter than that would fall back to its fail-safe value whenever the device
//! stutters, and nobody would know why. So it is refused, with the numbers and with what to change.

use std::time::Duration;
use takt_config::resolved::{Check, Modbus, Output, OutputMode};

/// What one request is allowed beside the pauses of its connection: a PLC answers once a scan of its
/// program, and scans take below 10 ms where verdicts matter.
const REQUEST: Duration = Duration::from_millis(10);

/// Why an output cannot be armed, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooShort {
    /// What is wrong.
    pub(crate) what: String,
    /// What to change.
    pub(crate) hint: String,
}

/// Looks at the deadline of an output on its device; `None` when it can be kept.
pub(crate) fn too_short(check: &Check, output: &Output, device: &Modbus) -> Option<TooShort> {
    if device.write_connection {
        return None;
    }
    let n_requests = n_requests(output);
    let write = (REQUEST + device.pause_between_requests) * n_requests;
    let needed = device.timeout + write;
    if check.deadline >= needed {
        return None;
    }
    let what = format!(
        "the deadline of {:?} is shorter than the {needed:?} that a write on {} may take: {:?} behind a read that gets \
         no answer (timeout), and {write:?} for its own {n_requests} request(s)",
        check.deadline, *output.write.connection, device.timeout
    );
    let own = "give the connection write_connection = true and connections_max = 2, if the device allows two";
    let hint = match check.deadline.checked_sub(write).filter(|timeout| !timeout.is_zero()) {
        Some(timeout) => format!("{own}; or a timeout of at most {timeout:?}; or the check a deadline from {needed:?}"),
        None => format!("{own}; or the check a deadline from {needed:?}"),
    };
    Some(TooShort { what, hint })
}

/// Requests from the verdict to its confirmation.
fn n_requests(output: &Output) -> u32 {
    let n_writes = if matches!(output.mode, OutputMode::Handshake(_)) { 2 } else { 1 };
    if output.read_back { 2 * n_writes } else { n_writes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_config::Source;
    use takt_config::resolved::ConnectionKind;

    /// Arms the one output of a document with these keys of connection, check and output.
    fn check(connection: &str, deadline: &str, output: &str, needs: Option<&str>) {
        let text = format!(
            "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"10.0.0.1\"\n{connection}\n[[lines]]\nid \
             = \"l\"\n[[lines.tags]]\nid = \"a\"\nsource = {{ connection = \"plc\", register = \"holding:0\" \
             }}\n[[lines.checks]]\nid = \"c\"\ninputs = [\"a\"]\nmodel = \"none\"\nwindow = {{ kind = \"frame\" \
             }}\ndeadline = \"{deadline}\"\n[[lines.checks.outputs]]\nid = \"reject\"\nwrite = {{ connection = \"plc\", \
             register = \"coil:1\" }}\nvalue = {{ pass = false, fail = true, inconclusive = true }}\nfail_safe = \
             true\n{output}\n"
        );
        let documents = takt_config::read(&[Source::new("test.toml", text)]).expect("the document is whole");
        let ConnectionKind::ModbusTcp(device) = &documents.connections[0].kind else { panic!("a device") };
        let check = &documents.lines[0].checks[0];
        let refused = too_short(check, &check.outputs[0], device);
        assert_eq!(refused.as_ref().map(|r| r.what.contains(needs.unwrap_or("?"))), needs.map(|_| true), "{refused:?}");
    }

    #[test]
    fn a_deadline_must_outlast_the_read_in_front_of_the_write() {
        check("timeout = \"200ms\"", "20ms", "", Some("210ms"));
        check("timeout = \"200ms\"", "209ms", "", Some("210ms"));
        check("timeout = \"200ms\"", "210ms", "", None);
        check("timeout = \"200ms\"", "210ms", "read_back = true", Some("220ms"));
        check("timeout = \"200ms\"\npause_between_requests = \"5ms\"", "210ms", "", Some("215ms"));
        check("timeout = \"200ms\"\nconnections_max = 2\nwrite_connection = true", "20ms", "", None);
        let handshake = "mode = \"handshake\"\nready = \"coil:2\"\npart = \"holding:2\"\nanswer = \"holding:3\"";
        check("timeout = \"1s\"", "1s", handshake, Some("1.02s"));
    }
}
