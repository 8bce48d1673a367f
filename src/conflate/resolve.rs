//! Whole runs through Resolve: one for each grade, and those that collect a ticket.

use std::path::Path;

use super::Conflation;
use crate::backend::resolve::{Collector, ResolveBackend, ResolveGrade, ResolveOptions, Ticket, WholeRun};
use crate::backend::{CancelToken, Observer};
use crate::deliver::Delivery;
use crate::error::Result;
use crate::plan::{Plan, Warning};
use crate::report::Report;
use crate::timeline::Timeline;

impl ResolveBackend {
    /// Delivers the shots of `plan` once with each grade, one delivery after the other: graded and ungraded intermediates
    /// in one call. With `timeline` given, `conflated.otio` is written for each.
    ///
    /// # Errors
    /// As [`Conflation::run`]; deliveries that were done before stay.
    pub fn run_each(
        &self,
        plan: &Plan,
        timeline: Option<&Timeline>,
        deliveries: Vec<(ResolveGrade, Delivery)>,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Vec<Report>> {
        let run = |(grade, delivery): (ResolveGrade, Delivery)| {
            let mut backend = ResolveBackend::new(ResolveOptions { grade, ..self.options().clone() });
            backend.whole = Some(WholeRun { plan: plan.clone(), delivery: delivery.clone() });
            let mut conflation = Conflation::new(backend, delivery).cancel(cancel.clone());
            if let Some(only) = self.wanted() {
                conflation = conflation.only(only.to_vec());
            }
            match timeline {
                Some(timeline) => conflation.timeline(timeline).run(plan, observer),
                None => conflation.run(plan, observer),
            }
        };
        deliveries.into_iter().map(run).collect()
    }

    /// Waits for the render of `ticket`, puts everything in Resolve back, and delivers the shots. `conflated.otio` is not
    /// written, since the ticket holds no timeline.
    ///
    /// # Errors
    /// As [`Conflation::run`]. As long as Resolve renders, or cannot be reached, and when the wait is cancelled, nothing
    /// is changed, and the ticket can be collected later. So it can when a shot could not be delivered: the render is kept
    /// until all are.
    pub fn collect(&self, ticket: &Ticket, observer: &dyn Observer, cancel: &CancelToken) -> Result<Report> {
        self.collected(ticket, None, observer, cancel)
    }

    /// Delivers the shots of `ticket` out of the render in `from`, whatever Resolve says of the jobs: a folder that a
    /// render was kept in, or the file or folder of a ticket's only render. It has to be long enough and of the right size.
    ///
    /// # Errors
    /// As [`Conflation::run`].
    pub fn collect_from(
        &self,
        ticket: &Ticket,
        from: &Path,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Report> {
        self.collected(ticket, Some(from), observer, cancel)
    }

    fn collected(
        &self,
        ticket: &Ticket,
        from: Option<&Path>,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Report> {
        let collector = Collector::new(self.options(), ticket, from);
        let mut run = Conflation::new(collector, ticket.delivery().clone()).cancel(cancel.clone());
        if let Some(only) = ticket.only() {
            run = run.only(only.to_vec());
        }
        let mut report = run.run(ticket.plan(), observer)?;
        let said = ticket.collected(self.options(), report.succeeded());
        report.warnings.extend(said.into_iter().map(|message| Warning::new("resolve", message)));
        Ok(report)
    }
}
