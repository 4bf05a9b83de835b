"""What is left where the program cannot begin: here the host sees it."""


def fail(error: Exception) -> NoReturn:
    """The program cannot begin because of `error`: it is raised."""
    raise error
