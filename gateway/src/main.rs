//! The program `takt`.
fn main() {
    rustls::crypto::ring::default_provider().install_default().ok();
    takt::telemetry::log("info", takt::telemetry::LogForm::Text).ok();
    let config = std::env::args().nth(3).map(std::path::PathBuf::from);
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("rt");
    rt.block_on(async {
        let stop = tokio_util::sync::CancellationToken::new();
        let running = takt::run::start(takt::run::DocumentSource { config }, stop.clone()).await;
        match running {
            Ok(r) => {
                eprintln!("ready {} lines {}", r.n_lines(), r.address());
                let mut term =
                    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("signal");
                tokio::select! { _ = stop.cancelled() => {}, _ = term.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
                r.stop().await;
            }
            Err(e) => {
                eprintln!("{e:?}");
                std::process::exit(78)
            }
        }
    });
}
