'use strict';

const texts = new Map();

texts.set('lighthouse', `The lamp at Corran Point was lit every evening for a hundred and four years, and in all that time it was late only once. The keeper that night was a woman named Ilse Varga, who had climbed the stairs with her can of oil and found a small brown owl sitting on the burner, looking at her with great patience.

She did what the book of rules did not foresee. She sat down on the top step and waited. The sea below was quiet; two fishing boats were on their way home and one of them, she knew, was her brother's. She told the owl about him. She told it what an hour of darkness was worth to a man who counts rocks by their sound.

The owl thought this over, walked to the edge of the gallery, and went. The lamp was lit at eleven minutes past seven. In the log, under "cause of delay", Ilse wrote one word, and the inspectors who came in spring argued over it until noon. The word was "company".`);

texts.set('seeds', `Nobody in the valley could say who had first kept the seed library. It was a cupboard of ninety drawers at the back of the post office, and its one rule was painted on the door: take a handful, bring back two.

Most people did. Beans came home in envelopes, poppies in matchboxes, a rare white squash wrapped in somebody's wedding invitation. In the dry years the drawers grew light, and the postmaster, Anselm, wrote small letters to those who had moved away. They answered from cities with balconies. A parcel of barley arrived from a rooftop four hundred miles off, with a note: still yours, only a bit sootier.

When the flood took the bridge and the lower fields, the cupboard was the first thing carried to the church. There were no speeches. In April each house drew a drawer by lot and planted whatever it held. That summer the valley looked as if it had been coloured in by children, and nobody went hungry.`);

texts.set('map', `The surveyor's last map was of a place she had never left: the street between her door and the bakery. It took her three years, for she would not leave things out.

She drew the cobbles, of which there are 2,311. She drew the café's cat at each hour of the day, so that he lies upon the paper nine times, mostly in the sun. She measured how far the smell of bread goes with the wind from the west (as far as the school) and from the east (not quite to the pump), and gave it a line of its own, dotted, in brown.

Visitors asked what such a map was for, since anybody could see the street from end to end. She would hand it to them and send them out for rolls. They were back after an hour, most of them, and the rolls were cold; and they always asked whether she had the next street too.`);

texts.set('haiku', `Rain on the tin roof,
every drop a small message.
The gutter replies.`);

exports.has = (name) => texts.has(name);

exports.names = () => [...texts.keys()];

// Pieces of words with the space before them, which join to the whole text.
exports.tokensOf = (name) => texts.get(name).match(/\s*\S{1,8}/gu);

exports.wordsOf = (name) => texts.get(name).toLowerCase().match(/[\p{L}\p{N}]+(?:[',’][\p{L}\p{N}]+)*/gu);
