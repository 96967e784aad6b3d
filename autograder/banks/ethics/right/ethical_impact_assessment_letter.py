"""A letter in the first person, written as joined strings on one line, from an inspector's point of view."""


def ethical_impact_assessment():
    return " ".join(
        [
            "Dear colleagues, I have inspected wafers for nineteen years.",
            "I was asked what I think of the new system.",
            "Let me begin with what nobody in this building likes to talk about, namely the ones that get away.",
            "Every scratch that I missed has gone into somebody's car or into somebody's phone.",
            "I do not know whom it hurt, and I never will.",
            "The machine will miss others than I do, and it will not lie awake over it.",
            "So it needs a person who takes wafers at random from the good pile and looks again, every day.",
            "Whoever is harmed by our product should at least be able to learn that we looked for the fault.",
            "The second thing is about me.",
            "When the screen says that a picture is fine, I feel my attention go.",
            "After lunch I would agree with a coin if it had been right all morning.",
            "So please do not show me the score before I have said what I see.",
            "Show it to me afterwards, and let us talk about where we differ: there both of us learn.",
            "If I overrule it, ask me why, and write it down; do not count it against me.",
            "Third, there are twenty-eight of us, and we can do arithmetic.",
            "If the machine reads nine pictures in ten, then nine jobs in ten are gone, unless you decide otherwise.",
            "You can decide otherwise.",
            "Some of us would make good process technicians, with a year of evening courses that you pay for.",
            "Some of us are close to retirement and would rather train the young ones.",
            "What none of us wants is to hear about it from the newspaper, so speak to the union now.",
            "Fourth, I have worked in two plants, and I can tell you that their wafers do not look alike.",
            "The lamps at the old site are yellow, and what is normal there would look sick here.",
            "A model that has only seen our pictures will call theirs bad, and they will be told to work harder.",
            "Please count the false alarms for every tool and for every site, not all in one pot.",
            "And count the misses for every kind of defect, since an average has never found a stain.",
            "If these numbers drift apart, somebody must have the power to switch it off.",
            "I am not against the machine.",
            "It does not get tired, and it looks at everything, which we never could.",
            "But it should work for us and for the people who drive the cars, and not the other way round.",
            "Yours, an inspector",
        ]
    )
