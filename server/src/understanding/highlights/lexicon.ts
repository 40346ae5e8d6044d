/**
 * Patterns behind the text features. English; in other languages the features that need no list (questions, numbers, names, length of
 * sentences and turns, the talk's own key words, sound, completeness) carry the choice.
 */
export const signals = {
  people: /\b(people|everyone|everybody|nobody|humans|companies|founders|leaders)\b/gi,
  reasons: /\b(because|so that|therefore|which means|that means)\b/gi,
  we: /\b(we|us|our)\b/gi,
  first_person: /\b(i|me|my|i'm|i've)\b/gi,
  address: /\b(you|your|you're)\b/gi,
  others: /\b(they|he|she|him|her|them)\b/gi,
  superlatives: /\b(most|best|worst|biggest|greatest|hardest|fastest|highest|lowest|largest|\w{3,}est)\b/gi,
  numbers: /\d+/g,
  frankness: /\b(hot take|controversial|honest\w*|frankly|to be fair|look,|the truth|let me|here's)/gi,
  hardship:
    /\b(fear|scared|afraid|terrified|scary|worry|worried|anxious|pain\w*|suffer\w*|hard|harder|difficult|tough|struggle\w*|stress\w*)\b/gi,
  negation: /\b(not|never|no one|nobody|nothing|don't|doesn't|didn't|can't|won't|isn't|aren't|wasn't)\b/gi,
  examples: /\b(for example|for instance|let's say|such as|e\.g)\b/gi,
  reported: /\b(said|says|told me|asked me|goes|was like|were like|i'm like|he's like|she's like)\b/gi,
  fillers: /(\b(um|uh|okay|yeah|mm|so yeah)\b|\blike,|\bright\?)/gi,
  beliefs: /\bi (think|believe|guess|feel)\b/gi,
  why_how: /\b(why|how|what)\b/gi,
  change: /\b(chang\w+|transform\w*|revolution\w*|different|new|shift\w*|disrupt\w*)\b/gi,
  mistakes:
    /\b(wrong|mistake\w*|myth|lie|lies|misconception|contrary|counterintuitive|actually|underrated|overrated|misunderst\w+|bullshit|terrible|bad|stupid|dumb)\b/gi,
  absolutes: /\b(always|never|every|everything|all|nothing|completely|absolutely|totally|literally|fundamentally)\b/gi,
  surprise:
    /\b(crazy|insane|wild|weird|strange|shocking|surpris\w*|ridiculous|unbelievable|mind|blown|wow|whoa|holy|suddenly|unexpected\w*|secret)\b/gi,
  feeling: /\b(love|loved|hate|hated|passion\w*|beautiful|magic\w*|joy|happy|excited|cried|cry|tears|proud|ashamed|lonely|heart\w*)\b/gi,
  names: /(?<=[a-z,] )\p{Lu}[a-z]{2,}/gu,
  exclamations: /!/g,
  laughter: /\b(laugh\w*|funny|joke\w*|hilarious|haha\w*)\b/gi,
} as const;
export type Signal = keyof typeof signals;
export const signalNames = Object.keys(signals) as Signal[];

/** Words that lean on what was said before when they open a clip. */
export const dangling = new Set(
  "he she it they him her them his its their this that these those which who because and but or so also then than therefore thus otherwise plus whereas he's she's it's that's they're there's yeah yes no right exactly totally sure okay mhm wow true absolutely correct".split(
    ' ',
  ),
);

/** How a listener answers something worth hearing. */
export const reaction =
  /\b(wow|i love (that|this|it)|love (that|this|it)|amazing|incredible|fascinating|so (interesting|good|great|true|cool|funny|powerful|awesome)|awesome|great (advice|point|story|answer|example)|that is (so|such)|that's (so|such|a really|really|wild|crazy|amazing|incredible|hilarious|fascinating)|oh my|oh man|holy|crazy|wild|hilarious|beautiful|really (interesting|important|powerful))\b/i;

/** Phrases that mark a sponsor's message. */
export const sponsorPhrases =
  /\b(brought to you by|sponsor(s|ed|ing|ship)?\b(?! (a|an|the) (bill|visa))|promo code|discount code|use (the )?code|coupon|free trial|sign up (for free )?(at|today)|check (it|them) out at|go to \w+(\.| dot )(com|io|ai|co|org)|head (over )?to \w+(\.| dot )(com|io|ai|co|org)|visit \w+(\.| dot )(com|io|ai|co|org)|\w+\.(com|io|ai|co)\/\w+|(\.|dot) com (slash|\/)|percent off|% off|money[- ]back guarantee|terms (and conditions )?apply|this (episode|podcast|video|show) is (supported|presented|sponsored|brought))/i;

/** How a sponsor's message is announced: what follows belongs to it, whatever it says. */
export const sponsorOpenings =
  /\b(brought to you by|(sponsored|supported|presented) by|(today's|our|a|the) sponsors?\b|word from|support for (this|the) (show|podcast|episode)|thanks to our)/i;

/** Weaker signs of a sponsor's message: they count next to a strong one, or several together. */
export const sponsorHints =
  /(\w+\.(com|io|ai|co|org)\b|\bdot com\b|\btry (it|\w+) (for )?free\b|\bget started\b|\blearn more\b|\bour listeners\b|\bfor listeners\b|\bexclusive (offer|deal)\b|\bsign up\b|\bstarting at\b|\btrusted by\b|\bcompanies like\b|\bteams (at|like)\b|\ball[- ]in[- ]one\b|\bthousands of (companies|teams|customers)\b|\bmention (this|the) (podcast|show)\b|\bjoin over\b)/i;

/** Greetings, thanks, goodbyes and the running of the show itself. */
export const housekeepingPhrases =
  /\b(welcome (back|to)|thank(s| you)( so much| very much| again)?( \w+)? for (having|being|joining|coming|listening|watching|doing|tuning|making|sharing|your time)|(it's|what) (a|an) (pleasure|honou?r) to|(glad|happy|excited|great|good|nice) to (be here|have you|meet you|see you)|please (subscribe|rate|leave|consider)|subscribe|hit the|like button|leave (us )?a review|show notes|in the description|newsletter|my guest today|today's guest|our guest|next episode|previous episode|see you (in the )?next|lightning round|where can (folks|people|listeners|they) find you|find you online|how can (listeners|people|folks) be useful|on (twitter|linkedin|instagram)|my (twitter|linkedin|website|instagram)|with that,? (i bring|let's)|before we (start|begin|get|dive|jump|wrap)|let's (take a|get (right )?into|dive|jump|move on)|last question|final question|final thoughts|we('re| are) (out of|running out of) time|good (morning|afternoon|evening)|ladies and gentlemen|can you hear me|bye( everyone| bye)?\b|that's (a|the) (great|good|really good|interesting) question)/i;
