//! What the field devices say, without any document: by an address alone.

use crate::kit::Bench;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

/// A device that has holding registers 0 to 9, each with ten times its address; one client after the other.
fn device() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut request = [0; 12];
            while stream.read_exact(&mut request).is_ok() {
                let [at, n] = [[8, 9], [10, 11]].map(|[a, b]| u16::from_be_bytes([request[a], request[b]]));
                let mut answer = request[..4].to_vec();
                if request[7] == 3 && at + n <= 10 {
                    answer.extend((3 + 2 * n).to_be_bytes());
                    answer.extend([request[6], 3, u8::try_from(2 * n).expect("few")]);
                    answer.extend((at..at + n).flat_map(|register| (10 * register).to_be_bytes()));
                } else {
                    answer.extend([0, 3, request[6], request[7] | 0x80, 2]);
                }
                stream.write_all(&answer).expect("the client reads");
            }
        }
    });
    address
}

#[test]
fn a_register_is_read_in_every_type() {
    let (bench, device) = (Bench::with(""), device().to_string());
    let said = bench.takt(&["read", &device, "400003", "--json"]).code(0).json();
    assert_eq!((said["register"].clone(), said["raw"].clone()), (json!("holding:2"), json!([20, 30, 40, 50])));
    let guesses = said["guesses"].as_array().expect("a list");
    assert!(guesses.iter().any(|g| g["type"] == "u16" && g["order"] == "abcd" && g["value"] == json!(20.0)), "{said}");
    bench.takt(&["read", &device, "holding:9"]).code(0).says(&["on the wire: 005a"]);
    bench.takt(&["read", &device, "holding:10"]).code(1).says(&["exception 02"]);
    bench.takt(&["read", "127.0.0.1:9", "holding:0"]).code(1).says(&["check the network"]);
    bench.takt(&["read", "plc", "holding:0"]).code(1).says(&["no connection 'plc'", "10.0.0.10:502"]);
}

#[test]
fn a_scan_finds_what_is_there() {
    let (bench, device) = (Bench::with(""), device().to_string());
    bench.takt(&["scan", &device, "holding:0..16"]).code(0).says(&[
        "holding:0 ",
        "90 005a",
        "exception 02",
        "10 of 16 can be read",
    ]);
    let said = bench.takt(&["scan", &device, "holding:4..7", "--json"]).code(0).json();
    assert_eq!(said["found"][0]["values"], json!([40, 50, 60]));
}

#[test]
fn a_broker_that_is_away_is_named() {
    Bench::with("")
        .takt(&["topics", "mqtt://127.0.0.1:9", "--seconds", "1"])
        .code(1)
        .says(&["127.0.0.1:9", "check the address"]);
}
