"""The whole picture of one enquiry: what was opened in all its exchanges, joined and shown. Pure.

    gathered.py     what goes in: opened envelopes, and how each ask stands
    make.py         from that to a `Picture`
    picture.py      what comes out: people, statements, answers, differences, corrections
    terminal.py     as lines that fit a width
    page.py         as one HTML file

Promises: nothing is decided between sources, nobody is joined without a reason that is shown, and what was
corrected stays readable as corrected.
"""
