//! The thin binary.
use std::sync::Arc;
fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    rt.block_on(async {
        let files = skyfleet::source::kubeconfig::paths(&[], std::env::var("KUBECONFIG").ok().as_deref(), None);
        let loaded = skyfleet::source::kubeconfig::load(&files);
        let session = Arc::new(skyfleet::ops::session::Session::from_kubeconfig(loaded, skyfleet::ops::session::SessionOptions::default()));
        let depth = skyfleet::ui::theme::depth::Depth::detect(skyfleet::ui::theme::depth::ColorChoice::Auto, |n| std::env::var(n).ok());
        let (theme, w1) = skyfleet::ui::theme::Theme::embedded("default", depth, false);
        let (keymap, w2) = skyfleet::ui::keymap::Keymap::embedded("default");
        let notices = w1.iter().map(ToString::to_string).chain(w2.iter().map(ToString::to_string)).collect();
        let ui = skyfleet::ui::run::Ui { session, theme, keymap, options: skyfleet::ui::view::ViewOptions { read_only: false, demo: false, max_targets: 50 }, notices };
        skyfleet::ui::launch::launch(ui).await.unwrap();
    });
    rt.shutdown_timeout(std::time::Duration::from_millis(300));
}
