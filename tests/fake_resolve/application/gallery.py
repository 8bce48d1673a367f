"""The gallery: albums of stills."""

from .base import ApiObject
from .grades import look_of_still


class GalleryStill(ApiObject):
    """A still: a picture and its grade."""

    def __init__(self, application, look):
        super().__init__(application)
        self.look, self.label = look, ""


class GalleryStillAlbum(ApiObject):
    """An album of stills."""

    def __init__(self, application):
        super().__init__(application)
        self.stills = []

    def GetStills(self):
        return list(self.stills)

    def GetLabel(self, galleryStill):
        return galleryStill.label

    def SetLabel(self, galleryStill, label):
        galleryStill.label = label
        return True

    def ImportStills(self, filePaths):
        made = [GalleryStill(self.application, look) for look in map(look_of_still, filePaths) if look]
        self.stills.extend(made)
        return bool(made)

    def DeleteStills(self, galleryStills):
        self.stills = [still for still in self.stills if still not in galleryStills]
        return True


class Gallery(ApiObject):
    """The gallery of the project."""

    def __init__(self, application):
        super().__init__(application)
        self.albums = [GalleryStillAlbum(application)]
        self.current = self.albums[0]

    def state(self):
        return [len(album.stills) for album in self.albums]

    def GetGalleryStillAlbums(self):
        return list(self.albums)

    def GetCurrentStillAlbum(self):
        return self.current

    def SetCurrentStillAlbum(self, galleryStillAlbum):
        self.current = galleryStillAlbum
        return True

    def GetAlbumName(self, galleryStillAlbum):
        return "Stills %d" % (self.albums.index(galleryStillAlbum) + 1)
