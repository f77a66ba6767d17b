//! The thin binary.
use std::sync::Arc;
fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    rt.block_on(async {
        let demo = std::env::args().nth(1).as_deref() == Some("demo");
        let session = if demo {
            use skyfleet::{sim, source};
            let t = std::time::Instant::now();
            let spec = sim::FleetSpec::embedded("default").unwrap();
            let world = sim::Simulation::new(&spec, 1, jiff::Timestamp::now());
            eprintln!("sim {:?}", t.elapsed());
            let loaded = source::kubeconfig::from_value(world.kubeconfig()).unwrap();
            let clients: Vec<_> = world.contexts().into_iter().filter_map(|c| world.client(&c).map(|k| (c, k))).collect();
            let clock = { let w = world.clone(); source::clock::Clock::new(move || w.now()) };
            tokio::spawn({ let w = world.clone(); async move { w.run(1.0).await } });
            let options = skyfleet::ops::session::SessionOptions { clock, demo: true, ..Default::default() };
            Arc::new(skyfleet::ops::session::Session::new(loaded, Arc::new(source::connect::Ready::new(clients)), options))
        } else {
        let files = skyfleet::source::kubeconfig::paths(&[], std::env::var("KUBECONFIG").ok().as_deref(), None);
        let loaded = skyfleet::source::kubeconfig::load(&files);
        Arc::new(skyfleet::ops::session::Session::from_kubeconfig(loaded, skyfleet::ops::session::SessionOptions::default())) };
        let depth = skyfleet::ui::theme::depth::Depth::detect(skyfleet::ui::theme::depth::ColorChoice::Auto, |n| std::env::var(n).ok());
        let (theme, w1) = skyfleet::ui::theme::Theme::embedded("default", depth, false);
        let (keymap, w2) = skyfleet::ui::keymap::Keymap::embedded("default");
        let notices = w1.iter().map(ToString::to_string).chain(w2.iter().map(ToString::to_string)).collect();
        let ui = skyfleet::ui::run::Ui { session, theme, keymap, options: skyfleet::ui::view::ViewOptions { read_only: false, demo, max_targets: 50 }, notices };
        skyfleet::ui::launch::launch(ui).await.unwrap();
    });
    rt.shutdown_timeout(std::time::Duration::from_millis(300));
}
