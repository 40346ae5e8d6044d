const set = (words: string) => new Set(words.split(' '));

/**
 * Word lists behind the text features, all lower case, matched on tokens. English; in other languages the features that need no list
 * (questions, numbers, rarity, pace, sound, turns, completeness) carry the choice.
 */
export const lexicon = {
  contrast: set(
    'but however instead although though yet whereas despite rather unless except actually opposite contrary turns nevertheless unlike otherwise versus',
  ),
  surprise: set(
    'surprising surprised surprise surprisingly suddenly unexpected shocked shocking shock weird strange crazy insane wild incredible unbelievable amazing amazed wow whoa ridiculous absurd counterintuitive paradox mystery secret imagine blown astonishing stunning extraordinary remarkable funny bizarre wait',
  ),
  emotion: set(
    'love loved hate hated afraid fear scared terrified scary angry anger furious cry cried crying tears happy happiness joy sad sadness depressed depression pain painful hurt ashamed shame proud pride regret guilt lonely anxious anxiety stress stressed excited passion passionate heart heartbreaking beautiful awful terrible horrible worst miserable hope hopeless grateful died death die dying dead kill killed suffering suffer struggle struggled struggling fail failed failure fired lost broke broken mistake mistakes desperate nervous embarrassed embarrassing brave courage',
  ),
  claim: set(
    'never always nobody everybody everyone nothing everything must only most best worst biggest greatest largest hardest key truth true false wrong lie lies myth impossible guarantee critical crucial essential fundamental fundamentally absolutely completely exactly literally definitely certainly single every reason problem rule lesson advice secret important mistake wisdom winner win matters matter bullshit simple simply',
  ),
  story: set(
    'remember remembered once day night morning told asked called walked sat stood came went ended happened found realized realised discovered woke grew born kid child mother father mom dad brother sister wife husband son daughter friend school college home house phone met left moved ago later story moment',
  ),
  firstPerson: set("i i'm i've i'd i'll me my mine myself we we're we've we'd we'll us our ours"),
  secondPerson: set("you you're you've you'd you'll your yours yourself"),
  filler: set('um uh erm hmm mm like yeah okay ok right mhm basically literally whatever stuff sort kinda'),
  humour: set('laugh laughs laughing laughed laughter funny joke jokes joking hilarious haha hahaha lol chuckle ridiculous'),
  dangling: set(
    "he she it they him her them his their its this that these those which who because and but or so also then than therefore thus otherwise plus whereas he's she's it's that's they're there's yeah yes no right exactly totally sure okay mhm wow true absolutely correct",
  ),
};

/** Spoken numbers; digits are found by pattern. */
export const numberWords = set(
  'two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million millions billion billions trillion percent half twice double triple dozen',
);

/** Phrases that mark a sponsor's message. */
export const sponsorPhrases =
  /\b(brought to you by|sponsor(s|ed|ing|ship)?\b(?! (a|an|the) (bill|visa))|promo code|discount code|use (the )?code|coupon|free trial|sign up (for free )?(at|today)|check (it|them) out at|go to \w+(\.| dot )(com|io|ai|co|org)|head (over )?to \w+(\.| dot )(com|io|ai|co|org)|visit \w+(\.| dot )(com|io|ai|co|org)|\w+\.(com|io|ai|co)\/\w+|(\.|dot) com (slash|\/)|percent off|% off|money[- ]back guarantee|terms (and conditions )?apply|this (episode|podcast|video|show) is (supported|presented|sponsored|brought))/i;

/** Weaker signs of a sponsor's message: they count next to a strong one, or several together. */
export const sponsorHints =
  /(\w+\.(com|io|ai|co|org)\b|\bdot com\b|\btry (it|\w+) (for )?free\b|\bget started\b|\blearn more\b|\bour listeners\b|\bfor listeners\b|\bexclusive (offer|deal)\b|\bsign up\b|\bstarting at\b|\btrusted by\b|\bcompanies like\b|\bteams (at|like)\b|\ball[- ]in[- ]one\b|\bthousands of (companies|teams|customers)\b|\bmention (this|the) (podcast|show)\b|\bjoin over\b)/i;

/** Greetings, thanks, goodbyes and the running of the show itself. */
export const housekeepingPhrases =
  /\b(welcome (back|to)|thank(s| you)( so much| very much| again)?( \w+)? for (having|being|joining|coming|listening|watching|doing|tuning|making|sharing|your time)|(it's|what) (a|an) (pleasure|honou?r) to|(glad|happy|excited|great|good|nice) to (be here|have you|meet you|see you)|please (subscribe|rate|leave|consider)|subscribe|hit the|like button|leave (us )?a review|show notes|in the description|newsletter|my guest today|today's guest|our guest|next episode|previous episode|see you (in the )?next|lightning round|where can (folks|people|listeners|they) find you|find you online|how can (listeners|people|folks) be useful|on (twitter|linkedin|instagram)|my (twitter|linkedin|website|instagram)|with that,? (i bring|let's)|before we (start|begin|get|dive|jump|wrap)|let's (take a|get (right )?into|dive|jump|move on)|last question|final question|final thoughts|we('re| are) (out of|running out of) time|good (morning|afternoon|evening)|ladies and gentlemen|can you hear me|bye( everyone| bye)?\b|that's (a|the) (great|good|really good|interesting) question)/i;

/** Marks that somebody is about to tell something worth hearing. */
export const setUpPhrases =
  /\b(i('ll| will) (never forget|tell you)|let me tell you|here's (the|what|why|how|a) ?(thing|secret|deal|problem|truth|trick)?|the (thing|truth|reason|problem|point|trick|secret|key|question|lesson|irony|best part|worst part|biggest|most important|hardest part|fact) (is|was)|turns? out|what (i|we) (learned|found|realized|discovered)|the (first|one) thing|i remember|one day|when i was|years ago|it was (like|the)|guess what|you know what|believe it or not|the moment|if you (want|look|think|don't|can)|what if|imagine|most people|nobody (tells|talks)|everyone (thinks|says)|i used to (think|believe)|people (think|say|always|don't)|my advice|at the end of the day|in other words|the way i think about)\b/i;
