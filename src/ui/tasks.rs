//! Tasks: jobs of the view as `ops` calls beside the loop; what they say comes back through one channel.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::domain::quantity::{count, show_count};
use crate::ops::logs::{LogEvent, LogTarget};
use crate::ops::run::{RunEvent, RunOptions};
use crate::ops::session::Shared;
use crate::ops::{clouds, deploy, describe, journal, logs, look, preflight, queries, run, sign_in};

use super::effect::{Job, Look, Said, Task, Toast};
use super::pane::deploy::PAST_MOST;

/// How long the program waits, when it leaves, for a plan to end its write.
const LAST_LINE: Duration = Duration::from_secs(5);
/// So many tasks are listed.
const LISTED: usize = 200;

/// Runs jobs.
pub struct Tasks {
    session: Shared,
    said: mpsc::Sender<Said>,
    cancel: CancellationToken,
    /// The log streams that run, to be ended by the next.
    logs: CancellationToken,
    /// Where those that start later are added, by the generation that is followed.
    more_logs: Option<(u64, mpsc::Sender<Vec<LogTarget>>)>,
    /// What is asked about a plan that is shown, to be ended with its dialog.
    preflight: CancellationToken,
    /// The search for rows, to be ended by the next.
    ranking: CancellationToken,
    /// The plan that runs.
    run: CancellationToken,
    running: Option<JoinHandle<()>>,
    /// What was started, the newest last.
    started: VecDeque<(Task, AbortHandle)>,
}

impl Tasks {
    /// Jobs of a session, ended with `cancel`.
    pub fn new(session: Shared, said: mpsc::Sender<Said>, cancel: CancellationToken) -> Self {
        Self {
            logs: cancel.child_token(),
            more_logs: None,
            preflight: cancel.child_token(),
            ranking: cancel.child_token(),
            run: cancel.child_token(),
            running: None,
            started: VecDeque::new(),
            session,
            said,
            cancel,
        }
    }

    /// Further jobs are those of this session.
    pub fn follow(&mut self, session: Shared) {
        self.session = session;
    }

    /// Starts one.
    pub fn start(&mut self, job: Job) {
        let (session, said) = (self.session.clone(), self.said.clone());
        match job {
            Job::StopLogs => {
                self.more_logs = None;
                self.logs.cancel();
            }
            Job::MoreLogs { generation, targets } => {
                // The channel holds more than a person's session brings; the task takes at once.
                if let Some((_, more)) = self.more_logs.as_ref().filter(|(g, _)| *g == generation) {
                    let _ = more.try_send(targets);
                }
            }
            Job::Trust { cluster, shown, lasting } => {
                self.spawn("keep the answer about a credential plugin".to_owned(), async move {
                    let asked = session.clone();
                    let trusted =
                        tokio::task::spawn_blocking(move || sign_in::trust(&asked, cluster, &shown, lasting))
                            .await;
                    let outcome = trusted.unwrap_or_else(|_| Err("the answer cannot be kept".to_owned()));
                    let _ = said.send(Said::Trusted { cluster, outcome }).await;
                })
            }
            Job::KeepQuery { name, line } => self.spawn("keep queries".to_owned(), async move {
                let Some(state) = session.state_dir.clone() else { return };
                let kept = tokio::task::spawn_blocking(move || queries::keep(&state, &name, line)).await;
                if let Ok(Err(error)) = kept {
                    let words = format!("the query cannot be kept for the next time: {error}");
                    let _ = said.send(Said::Toast(Toast { words, error: true })).await;
                }
            }),
            Job::Remember(contexts) => self.spawn("keep who acts".to_owned(), async move {
                let kept = tokio::task::spawn_blocking(move || session.keep_remembered(&contexts)).await;
                if let Ok(Err(error)) = kept {
                    let words = format!("who acts cannot be kept for the next time: {error}");
                    let _ = said.send(Said::Toast(Toast { words, error: true })).await;
                }
            }),
            Job::Rank { generation, ranking } => {
                self.ranking.cancel();
                self.ranking = self.cancel.child_token();
                let cancel = self.ranking.clone();
                let words = format!("look for rows among {}", show_count(ranking.len()));
                self.spawn(words, async move {
                    let ended = cancel.clone();
                    let found =
                        tokio::task::spawn_blocking(move || ranking.run(|| !ended.is_cancelled())).await;
                    match found {
                        Ok(rows) if !cancel.is_cancelled() => {
                            let _ = said.send(Said::Ranked { generation, rows }).await;
                        }
                        // Said as the fault of a task is.
                        Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
                        Ok(_) | Err(_) => {}
                    }
                });
            }
            Job::EndRank => self.ranking.cancel(),
            Job::Abort => self.run.cancel(),
            Job::Look { generation, look, object, info } => self.spawn(
                format!(
                    "{} {} in {}",
                    match look {
                        Look::Describe => "describe",
                        Look::Yaml | Look::Decoded => "yaml of",
                        Look::UsedBy => "who uses",
                    },
                    object.target(),
                    info.name()
                ),
                async move {
                    let text = match look {
                        Look::Describe => describe::describe(&session, &info, &object).await,
                        Look::Yaml => look::yaml(&session, &object, false).await,
                        Look::UsedBy => look::used_by(&session, &object).await,
                        Look::Decoded => look::decoded(&session, &object).await,
                    };
                    let _ = said.send(Said::Look { generation, text: text.map_err(|f| f.to_string()) }).await;
                },
            ),
            Job::Logs { generation, targets, options } => {
                self.logs.cancel();
                self.logs = self.cancel.child_token();
                let cancel = self.logs.clone();
                let (out, mut events) = mpsc::channel(256);
                let (more, later) = mpsc::channel(1024);
                self.more_logs = Some((generation, more));
                let words = format!("follow the logs of {}", count(targets.len(), "container"));
                self.spawn(words, logs::follow(session, targets, options, later, out, cancel));
                self.unlisted(async move {
                    while let Some(event) = events.recv().await {
                        let event = match event {
                            LogEvent::Entries(entries) => Said::LogEntries { generation, entries },
                            LogEvent::Source { id, state } => {
                                Said::LogSource { generation, source: id.0, state }
                            }
                            LogEvent::Done => break,
                        };
                        if said.send(event).await.is_err() {
                            break;
                        }
                    }
                });
            }
            Job::PlanDeploy { generation, path, clusters, options } => {
                self.spawn(format!("plan {path} over {}", count(clusters.len(), "cluster")), async move {
                    let plan = match deploy::read(Path::new(&path)).await {
                        Ok(text) => deploy::plan(&session, &text, &clusters, &options, &path)
                            .await
                            .map(Box::new)
                            .map_err(|e| e.to_string()),
                        Err(why) => Err(why),
                    };
                    let _ = said.send(Said::DeployPlan { generation, plan }).await;
                })
            }
            Job::Past => self.spawn("read the runs before".to_owned(), async move {
                let Some(state) = session.state_dir.clone() else { return };
                let read = tokio::task::spawn_blocking(move || journal::past(&state, PAST_MOST));
                if let Ok(past) = read.await {
                    let _ = said.send(Said::Past(past)).await;
                }
            }),
            Job::Preflight { mut plan } => {
                self.preflight.cancel();
                self.preflight = self.cancel.child_token();
                let cancel = self.preflight.clone();
                let words = format!("ask the servers about: {}", plan.title());
                self.spawn(words, async move {
                    tokio::select! {
                        () = cancel.cancelled() => {}
                        () = preflight::ask(&session, &mut plan) => {
                            let _ = said.send(Said::Preflight { plan }).await;
                        }
                    }
                });
            }
            Job::EndPreflight => self.preflight.cancel(),
            Job::Execute { plan, word } => {
                self.run = CancellationToken::new();
                let cancel = self.run.clone();
                let (out, mut events) = mpsc::channel::<RunEvent>(64);
                // The outcome is told as the last event. Not ended with the other tasks: a write and its journal line are
                // never cut off in the middle.
                let words = format!("run: {}", plan.title());
                let running = tokio::spawn(async move {
                    run::execute(&session, &plan, word.as_deref(), RunOptions::default(), out, cancel).await;
                });
                self.list(words, running.abort_handle());
                self.running = Some(running);
                self.unlisted(async move {
                    while let Some(event) = events.recv().await {
                        if said.send(Said::Run(event)).await.is_err() {
                            break;
                        }
                    }
                });
            }
            Job::Clouds => self.spawn("read the clouds' local files".to_owned(), async move {
                let found = clouds::found().await;
                let _ = said.send(Said::Clouds(found)).await;
            }),
            Job::Identify { profile } => self.spawn(format!("ask AWS who {} is", profile.name), async move {
                let identity = clouds::identify(&profile).await;
                let _ = said.send(Said::Identity { profile: profile.name.clone(), identity }).await;
            }),
            Job::Save { path, text } => self.spawn(format!("save to {path}"), async move {
                let path = std::path::absolute(&path).map_or(path, |p| p.to_string_lossy().into_owned());
                let toast = match tokio::fs::write(&path, text).await {
                    Ok(()) => Toast { words: format!("saved to {path}"), error: false },
                    Err(error) => Toast { words: format!("cannot save to {path}: {error}"), error: true },
                };
                let _ = said.send(Said::Toast(toast)).await;
            }),
        }
    }

    /// Stops the plan that runs, and waits for its last line for a few seconds.
    pub async fn finish(&mut self) {
        if let Some(running) = self.running.take().filter(|r| !r.is_finished()) {
            self.run.cancel();
            let _ = tokio::time::timeout(LAST_LINE, running).await;
        }
    }

    /// What runs and what ran, the newest first.
    pub fn listed(&mut self) -> Vec<Task> {
        let now = self.session.clock.now();
        for (task, handle) in &mut self.started {
            if task.ended.is_none() && handle.is_finished() {
                task.ended = Some(now);
            }
        }
        self.started.iter().rev().map(|(task, _)| task.clone()).collect()
    }

    fn list(&mut self, words: String, handle: AbortHandle) {
        // What is asked for again and again is one line.
        if self.started.back().is_some_and(|(task, _)| task.words == words) {
            self.started.pop_back();
        }
        // Of many that ended the oldest go.
        while self.started.len() >= LISTED {
            self.started.pop_front();
        }
        let began = self.session.clock.now();
        self.started.push_back((Task { words, began, ended: None }, handle));
    }

    fn spawn(&mut self, words: String, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.unlisted(task);
        self.list(words, handle);
    }

    fn unlisted(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let (cancel, said) = (self.cancel.clone(), self.said.clone());
        let task = tokio::spawn(task);
        let handle = task.abort_handle();
        tokio::spawn(async move {
            let abort = task.abort_handle();
            tokio::select! {
                ended = task => {
                    if ended.is_err_and(|e| e.is_panic()) {
                        let words = "a task failed inside skyfleet; the program log says more".to_owned();
                        let _ = said.send(Said::Toast(Toast { words, error: true })).await;
                    }
                }
                () = cancel.cancelled() => abort.abort(),
            }
        });
        handle
    }
}
