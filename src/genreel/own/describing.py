"""What the bundle's genres are about, for a new one to be compared with."""

from __future__ import annotations

DESCRIPTIONS = {
    "Action": "Fights, chases, explosions and shootouts. A hero must stop armed villains by force.",
    "Adventure": "A journey to far places: explorers in jungle, sea and wilderness on a dangerous "
    "quest for a treasure, or to save a kingdom.",
    "Animation": "Cartoons with talking animals, toys, princesses and magical creatures, mostly "
    "for children.",
    "Biography": "The life of a real person: an artist, politician, scientist or athlete, from "
    "early years to fame.",
    "Comedy": "Funny films: jokes, misunderstandings, awkward situations. A hapless man gets into "
    "one hilarious mess after another with his friends.",
    "Crime": "Gangsters, robbery, murder, police, drug dealers, the mafia and heists. A thief or a "
    "corrupt cop is caught up in a deal gone wrong.",
    "Documentary": "Real people and events, with interviews and archive footage. It explores the "
    "life and work of a real person.",
    "Drama": "Serious stories of human feelings: grief, loss, illness, poverty and relationships. "
    "A woman must face her past and the truth about her life.",
    "Family": "For children and their parents: kids, pets, Christmas, school and friendship. A "
    "child and a magical friend have a heartwarming adventure.",
    "Fantasy": "Magic, witches, wizards, dragons, fairies, gods and curses. A young hero must "
    "break a spell and defeat an evil sorcerer.",
    "Film-Noir": "A private detective, a femme fatale, murder and betrayal in the shadows of the "
    "city, in the forties.",
    "History": "Events of the past: kings, queens, revolutions, empires and historical figures. "
    "Based on true events of another century.",
    "Horror": "Ghosts, monsters, zombies, vampires, demons and haunted houses. Friends are stalked "
    "and killed one by one by a masked killer or an evil spirit.",
    "Music": "Musicians, bands, singers, concerts and songs. A singer tries to make it in the "
    "music business.",
    "Musical": "Characters sing and dance their story, on a stage, on Broadway or in the street.",
    "Mystery": "A detective investigates a puzzling murder or disappearance, and strange clues "
    "lead to dark secrets.",
    "Romance": "Love stories: a man and a woman fall in love, although their families or lovers "
    "stand between them. Weddings and heartbreak.",
    "Sci-Fi": "Space, aliens, robots, the future and time travel. A crew on a spaceship meets "
    "aliens, or a scientist's experiment goes wrong.",
    "Sport": "Athletes, coaches and teams: a boxer, a football or a baseball team trains for the "
    "big game and against all odds wins the championship.",
    "Thriller": "Suspense, danger, conspiracies, kidnapping and killers. Someone is hunted and "
    "must uncover the truth before it is too late.",
    "War": "Soldiers, battles, the Second World War, Vietnam and the front. A group of soldiers "
    "fights behind enemy lines.",
    "Western": "Cowboys, sheriffs, outlaws, gunfighters and ranches in the Old West. A gunslinger "
    "rides into a frontier town and faces a ruthless cattle baron.",
}
"""Genre → what a person would write in a minute."""

SPOKEN = {"Sci-Fi": "science fiction", "Film-Noir": "film noir", "History": "historical"}
"""Genre → what it is called in a sentence, where that is another name."""
