//! The flags about a cut: how it is planned, and what its shots are delivered as.

use clap::Args;
use otio_conflate::Delivery;

use super::{DeliveryArgs, PlanArgs};

/// What decides about the shots of a cut.
#[derive(Args)]
pub(crate) struct CutArgs {
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
}

impl CutArgs {
    /// The delivery, and the files that flags name among what it must not overwrite.
    pub(crate) fn into_delivery(self) -> Delivery {
        let mut delivery = self.delivery.delivery();
        delivery.inputs.extend(self.plan.per_shot);
        delivery.inputs.extend(self.plan.source.into_inputs());
        delivery
    }
}
