//! The press line alone: a PLC and a broker to practise on, for a gateway of one's own.

use crate::plant::{Plant, VIBRATION_TOPIC};
use crate::press::Order;
use crate::world;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::sync::mpsc;

/// What the press makes here.
const PRODUCT: u16 = 17;

/// Runs the line until Ctrl-C. Enter lets faults in, Enter again keeps them out.
pub(crate) async fn run(plc: SocketAddr, broker: SocketAddr, seed: u64) -> ExitCode {
    match practise(plc, broker, seed).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The press stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn practise(plc: SocketAddr, broker: SocketAddr, seed: u64) -> Result<()> {
    let (plc, plc_address) = world::put_up_plc(plc).await?;
    world::put_up_broker(broker).await?;
    let (sensor, connection) = world::client("practice-sensor", broker);
    tokio::spawn(world::keep_up(connection));
    let (plant, mut gates) = Plant::start(seed, plc, sensor);
    plant.order(Order::Good { product: PRODUCT });
    welcome(plc_address, broker);

    let mut pressed = keyboard()?;
    let mut is_faulty = false;
    let ended = world::asked_to_end();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            asked = &mut ended => return asked,
            // Nobody counts here; the parts are only let go.
            _ = gates.recv() => {}
            Some(()) = pressed.recv() => {
                is_faulty = !is_faulty;
                let product = PRODUCT;
                plant.order(if is_faulty { Order::Mixed { product } } else { Order::Good { product } });
                println!("{}", if is_faulty { "Some parts are faulty now." } else { "All parts are good now." });
            }
        }
    }
}

/// Enter as it is pressed. A thread of its own reads, because a terminal cannot be waited for otherwise.
fn keyboard() -> Result<mpsc::Receiver<()>> {
    let (pressed, told) = mpsc::channel(1);
    let read = move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || pressed.blocking_send(()).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("keyboard".into()).spawn(read).context("cannot start the keyboard's thread")?;
    Ok(told)
}

fn welcome(plc: SocketAddr, broker: SocketAddr) {
    println!("A press line to practise on: a part every 0.6 s, all of them good.\n");
    println!("  PLC       modbus-tcp {plc}, unit 1");
    println!("            input:0 mode (u16) · input:1 product (u16) · input:2 part number (u32)");
    println!("            input:4 force (f32, kN) · input:6 position (f32, mm) · input:8 oil (f32, °C)");
    println!("            coil:10 reject gate · holding:300 heartbeat");
    println!("  broker    mqtt://{broker}, topic {VIBRATION_TOPIC}\n");
    println!("Enter lets faulty parts in, and keeps them out again. Ctrl-C ends it.");
}
