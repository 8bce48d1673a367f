//! When plans and their shots are equal: by the media they refer to, at whatever index.

use super::{MediaId, Plan, Shot};

impl Plan {
    /// The reference to entry `index` of [`Plan::media`]; `None` where there is no such entry.
    pub fn media_id(&self, index: usize) -> Option<MediaId> {
        self.media.get(index).map(|media| MediaId::new(index, media))
    }

    /// Makes every layer and every sound refer to what [`Plan::media`] holds now at its index. To be called after
    /// entries were changed, if shots are to be compared: rendering goes by the index.
    pub fn update_media_ids(&mut self) {
        let media: Vec<MediaId> = self.media.iter().enumerate().map(|(at, media)| MediaId::new(at, media)).collect();
        self.change_media_ids(&|id| media.get(id.index()).copied().unwrap_or(MediaId::by_index(id.index())));
    }

    fn change_media_ids(&mut self, change: &dyn Fn(MediaId) -> MediaId) {
        let heard = self.sound.iter_mut().flat_map(|sound| &mut sound.clips);
        heard.for_each(|clip| clip.media = change(clip.media));
        self.canvas_media.iter_mut().chain(&mut self.format_media).for_each(|id| *id = change(*id));
        self.shots.iter_mut().for_each(|shot| change_in_shot(shot, change));
    }
}

/// Plans are equal if everything in them is, the order of their media included.
impl PartialEq for Plan {
    fn eq(&self, other: &Plan) -> bool {
        let plain = |plan: &Plan| {
            let mut plan = plan.clone();
            plan.change_media_ids(&|id| MediaId::by_index(id.index()));
            plan
        };
        let (own, others) = (plain(self), plain(other));
        let Plan {
            version,
            timeline,
            name,
            rate,
            global_start,
            duration,
            drop_frame,
            hero_track,
            canvas,
            canvas_media,
            format_media,
            placement,
            color,
            background,
            overrun,
            damaged,
            media_missing,
            retime,
            media,
            other_media,
            sound,
            shots,
            warnings,
        } = &own;
        *version == others.version
            && *timeline == others.timeline
            && *name == others.name
            && *rate == others.rate
            && *global_start == others.global_start
            && *duration == others.duration
            && *drop_frame == others.drop_frame
            && *hero_track == others.hero_track
            && *canvas == others.canvas
            && *canvas_media == others.canvas_media
            && *format_media == others.format_media
            && *placement == others.placement
            && *color == others.color
            && *background == others.background
            && *overrun == others.overrun
            && *damaged == others.damaged
            && *media_missing == others.media_missing
            && *retime == others.retime
            && *media == others.media
            && *other_media == others.other_media
            && *sound == others.sound
            && *shots == others.shots
            && *warnings == others.warnings
    }
}

fn change_in_shot(shot: &mut Shot, change: &dyn Fn(MediaId) -> MediaId) {
    shot.sound.iter_mut().for_each(|clip| clip.media = change(clip.media));
    let elements = shot.spans.iter_mut().flat_map(|span| &mut span.stack);
    elements.for_each(|element| element.for_each_layer_mut(&mut |layer| layer.media = change(layer.media)));
}
