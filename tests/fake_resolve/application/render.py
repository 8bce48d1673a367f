"""Renders jobs: the topmost clip of every frame with its grade, through the ffmpeg command."""

import os
import resource
import signal
import subprocess
import threading
import time

from . import formats
from .rates import exact, timecode_of

BLACK, OFFLINE = b"\0\0\0", b"\xb4\x1e\x1e"


class Render:
    """Jobs that are rendered one behind the other, on a thread."""

    def __init__(self, application, job, following, interactive):
        self.application, self.job, self.following = application, job, following
        # Errors are shown in a dialog, which blocks everything until somebody closes it.
        self.interactive = interactive
        self.stopping = threading.Event()
        self.at_work = True

    def stop(self):
        self.stopping.set()

    def run(self):
        for job in [self.job] + self.following:
            if self.stopping.is_set():
                break
            self.job = job
            self.one(job)
        self.at_work = False

    def one(self, job):
        job.status, job.started, job.percent, job.error = "Rendering", time.monotonic(), 0.0, None
        try:
            self.write(job)
        except Stopped:
            job.status = "Cancelled"
        except (Failure, OSError) as cause:
            job.status, job.error = "Failed", str(cause)
            if self.interactive:
                self.application.dialog = True
        else:
            job.percent, job.status = 100.0, "Complete"
            if self.application.render_faults().get("cleared"):
                self.application.project.jobs.clear()
                self.application.changed()
            job.taken = int((time.monotonic() - job.started) * 1000)

    def write(self, job):
        pictures = Pictures(self.application, job)
        faults = self.application.render_faults()
        output = faults.get("output")
        frames = list(range(job.first, job.last + 1))
        frames = {"short": frames[:-1], "long": frames + frames[-1:]}.get(output, frames)
        if job.mode == 0 and output is None:
            # One file a clip, and none of gaps.
            ranges = [(item.start + job.timeline.first, item.start + item.duration - 1 + job.timeline.first)
                      for item in pictures.hero_items()]
            for number, (first, last) in enumerate(ranges):
                part = [frame for frame in frames if first <= frame <= last]
                if part:
                    self.file(job, part, pictures, faults, "%s_V1-%04d" % (job.name, number + 1))
        else:
            self.file(job, frames, pictures, faults, job.name)

    def file(self, job, frames, pictures, faults, name):
        target = self.target(job, name, frames[0])
        output, encoder = faults.get("output"), None
        if output == "empty":
            open(target % frames[0] if "%" in target else target, "wb").close()
        elif output != "none":
            encoder = Encoder(job, target, frames[0], faults)
        try:
            for done, frame in enumerate(frames):
                self.pause(job, 100.0 * done / len(frames), faults)
                if encoder:
                    encoder.write(pictures.at(frame))
        except BaseException:
            if encoder:
                encoder.kill()
            raise
        if encoder:
            encoder.finish()
            if "late" in faults or "grows" in faults:
                threading.Thread(target=arrive, args=(target, faults), daemon=True).start()
                # It is gone when the job is done.
                while os.path.exists(target) and "late" in faults:
                    time.sleep(0.001)
        if output == "missing_frame":
            os.unlink(target % frames[len(frames) // 2])

    def target(self, job, name, first):
        folder = self.application.quirks["sub_folder"].format(name=job.name, timeline=job.timeline.name)
        folder = os.path.join(job.settings["TargetDir"], folder)
        os.makedirs(folder, exist_ok=True)
        for litter in self.application.quirks["litter"]:
            with open(os.path.join(folder, litter.format(name=name)), "wb") as file:
                file.write(b"\0\5\x16\7")
        ending = formats.ending(job.format)
        if job.format not in formats.SEQUENCES:
            return os.path.join(folder, "%s.%s" % (name, ending))
        separator = self.application.quirks["number_separator"]
        return os.path.join(folder, name.replace("%", "%%") + separator + "%08d." + ending)

    def pause(self, job, percent, faults):
        """Lets time pass as the faults say, and does what happens at this point of the render."""
        job.percent = percent
        if percent >= faults.get("die_at", 101):
            self.application.die()
        if percent >= faults.get("fail_at", 101):
            raise Failure(faults.get("error", "The render job failed: GPU memory is full"))
        if percent >= faults.get("stall_at", 101):
            self.stopping.wait()
        if self.stopping.wait(faults.get("pace", 0)):
            raise Stopped()


def arrive(path, faults):
    """Lets a finished file come late, or in two parts."""
    with open(path, "rb") as file:
        whole = file.read()
    if "late" in faults:
        os.unlink(path)
        time.sleep(faults["late"])
    with open(path, "wb") as file:
        file.write(whole[:len(whole) // 2] if "grows" in faults else whole)
    if "grows" in faults:
        time.sleep(faults["grows"])
        with open(path, "ab") as file:
            file.write(whole[len(whole) // 2:])


class Stopped(Exception):
    """Somebody stopped the render."""


class Failure(Exception):
    """What Resolve says in its status."""


class Encoder:
    """One file or sequence that is written, by the ffmpeg command."""

    def __init__(self, job, target, first, faults):
        width, height = job.size
        command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
                   "-s", "%dx%d" % (width, height), "-r", str(exact(job.rate)), "-i", "-"]
        sequence = job.format in formats.SEQUENCES
        if job.settings.get("ExportAudio", True) and not sequence:
            command += ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-shortest",
                        "-c:a", "aac" if job.format == "mp4" else "pcm_s24le"]
        if faults.get("output") == "wrong_size":
            command += ["-vf", "scale=%d:%d" % (width // 4 * 2, height // 4 * 2)]
        elif not sequence:
            command += ["-vf", "scale=out_color_matrix=bt709:out_range=tv,setparams=range=limited:colorspace=bt709:"
                               "color_primaries=bt709:color_trc=bt709"]
        if faults.get("output") == "wrong_rate":
            command += ["-r", "30"]
        command += formats.codec(job.format, job.codec)[1].split()
        if sequence:
            command += ["-start_number", str(job.settings.get("ClipStartFrame", first))]
        else:
            command += ["-timecode", timecode_of(first, job.timeline.rate, job.timeline.drop)]

        def limit():
            if "disk" in faults:
                resource.setrlimit(resource.RLIMIT_FSIZE, (faults["disk"],) * 2)
                # Writing fails, instead of a signal that ends it.
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        self.process = subprocess.Popen(command + [target], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, preexec_fn=limit, restore_signals=False)

    def write(self, picture):
        try:
            self.process.stdin.write(picture)
        except OSError:
            self.finish()

    def finish(self):
        _, said = self.process.communicate()
        # It ends well although the last bytes found no room, and says so.
        if self.process.returncode != 0 or said:
            raise Failure("The disk may be full. " + said.decode(errors="replace").strip())

    def kill(self):
        self.process.kill()
        self.process.communicate()


class Pictures:
    """The frames of a timeline as it is when a job starts."""

    def __init__(self, application, job):
        self.timeline, self.size, self.settings = job.timeline, job.size, job.settings
        self.bytes = self.size[0] * self.size[1] * 3
        self.decoded = {}

    def hero_items(self):
        """The items of the lowest track that has any."""
        tracks = (track for track in self.timeline.tracks["video"] if track.enabled)
        return next(([item for item in track.items if item.enabled] for track in tracks if track.items), [])

    def at(self, frame):
        frame -= self.timeline.first
        picture = BLACK * (self.bytes // 3)
        for track in self.timeline.tracks["video"]:
            if track.enabled:
                picture = self.over(track, frame, picture)
        return picture

    def over(self, track, frame, below):
        for start, frames, going, coming in track.dissolves:
            if start <= frame < start + frames:
                pair = [self.of(item, frame) if item and item.enabled else below for item in (going, coming)]
                share = 256 * (frame - start) // frames
                return bytes((old * (256 - share) + new * share) >> 8 for old, new in zip(*pair))
        for item in track.items:
            if item.enabled and item.start <= frame < item.start + item.duration:
                return self.of(item, frame)
        return below

    def of(self, item, frame):
        index = item.source_frame(frame)
        if index is None:
            return OFFLINE * (self.bytes // 3)
        # What no script can read or set.
        flat = self.settings.get("FlatPass", False)
        filters = "" if flat else ",".join(item.filters())
        key = item.media.path, filters
        if key not in self.decoded:
            self.decoded[key] = self.decode(item.media, filters)
        return self.decoded[key][index * self.bytes:][:self.bytes]

    def decode(self, media, filters):
        width, height = self.size
        scale = "scale=%d:%d:force_original_aspect_ratio=decrease,pad=%d:%d:-1:-1,format=rgb24" % (
            width, height, width, height)
        command = ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error"]
        if media.first is not None:
            command += ["-start_number", str(media.first)]
        command += ["-i", media.path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt",
                    "rgb24", "-vf", scale + ("," + filters + ",format=rgb24" if filters else ""), "-"]
        made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if made.returncode != 0:
            raise Failure("The clip %s could not be decoded. %s" % (media.path, made.stderr.decode(errors="replace")))
        return memoryview(made.stdout)
