"""Texts of several lines, with the question above each."""


def answer_eda_questions():
    """The four answers."""
    return dict(
        normals="""
        What differs among normal images, and where in the image do they differ most?
        Position and turn: the spread is largest along the edges of blocks, because a small shift moves an
        edge to the next pixel, and smallest inside large even areas.
        """,
        anomalies="""
        Missing features and stains are the closest: few pixels change, and they take grey levels that occur anyway.
        Pattern shifts are the farthest, since all edges of a die are then at the wrong place.
        """,
        threshold="""
        No; 53 % is what I get for the area under the curve with the better sign, and guessing gives 50 %. A scratch
        changes too few pixels for the mean to notice.
        """,
        model="""
        Position, turn and light of the whole picture, together with noise that needs no description. It must not
        learn to draw a particle, and so it should not have a code for every single pixel.
        """,
    )
