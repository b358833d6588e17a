"""``python -m audit`` is the command ``callaudit``."""

if __name__ == "__main__":  # a worker process imports this module, too, and needs nothing of the command
    from audit.cli import main

    main()
