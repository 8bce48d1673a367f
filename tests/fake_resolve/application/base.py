"""What every object of the application has in common."""

import uuid


class ApiObject:
    """An object that scripts hold. Its methods in capitals are the API; all else is the application's own."""

    def __init__(self, application):
        self.application = application
        self.quirks = application.quirks
        self.id = str(uuid.uuid4())
        self.alive = True

    @classmethod
    def api(cls):
        """The names of the methods that scripts may call."""
        return [name for name in dir(cls) if name[0].isupper()]


class Named(ApiObject):
    """An object with a name."""

    def __init__(self, application, name):
        super().__init__(application)
        self.name = name

    def GetName(self):
        return self.name

    def GetUniqueId(self):
        return self.id
