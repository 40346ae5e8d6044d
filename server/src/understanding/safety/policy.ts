/** The built-in judge of text: a score, and the words by which a category is told. */
import { safetyCategories, type SafetyCategory } from '@carmic/contract';
import { textScore } from './classifier.ts';

type TextCategory = Exclude<SafetyCategory, 'pictures'>;
/** In the order in which they are looked for. */
const textCategories = safetyCategories.filter((name) => name !== 'pictures');

/** Score of 0 to 1 from which text of a category is flagged. Lower flags more. */
export type SafetyPolicy = Readonly<Record<TextCategory, number>>;

export const defaultPolicy: SafetyPolicy = {
  self_harm: 0.5,
  hate: 0.5,
  sexual: 0.5,
  dangerous: 0.5,
  violence: 0.5,
  profanity: 0.5,
  harassment: 0.5,
};

/** English; a flagged text of none of these is harassment. The first that fits names the category; no word here flags anything by itself. */
const marks: Readonly<Record<Exclude<TextCategory, 'harassment'>, RegExp>> = {
  self_harm: /\b(suicid\w*|self[- ]harm\w*|(kill|hang|cut|hurt|starve)(ing)? (myself|yourself)|end (my|your) life)\b/i,
  hate: /\b(women|woman|females?|girls?|gays?|lesbians?|homosexuals?|trans\w*|muslims?|islam\w*|jews?|jewish|christians?|blacks?|whites?|asians?|african\w*|mexicans?|latin[oa]s?|immigrants?|migrants?|refugees?|foreigners?|disabled|autistic|race|races|racial|religio\w*|nigg\w*|fag\w*|tranny|trannies|retard\w*|kikes?|spics?|chinks?|pakis?|dykes?|cripples?)\b/i,
  sexual:
    /\b(sex\w*|porn\w*|nudes?|naked|penis\w*|vagina\w*|dicks?|cocks?|pussy|boobs?|tits?|blow ?job|masturbat\w*|orgasm\w*|rap(e|ed|ing|ist))\b/i,
  dangerous:
    /\b(bombs?|explosiv\w*|poison\w*|weapons?|guns?|ammunition|meth|cocaine|heroin|fentanyl|drugs?|hack(ing)?|malware|launder\w*|smuggl\w*|steal\w*|counterfeit|kidnap\w*|terroris\w*)\b/i,
  violence:
    /\b(kill\w*|murder\w*|shoot\w*|stab\w*|beat(ing)?|burn\w*|hang(ed|ing)?|slaughter\w*|exterminat\w*|tortur\w*|punch\w*|strangl\w*|attack\w*|die)\b/i,
  profanity: /\b(\w*fuck\w*|\w*shit\w*|bitch\w*|ass|asshole\w*|bastards?|damn|cunts?|hoes?|crap|piss\w*)\b/i,
};

export interface TextVerdict {
  /** 0 to 1; 0.5 is the threshold the model was set at. */
  score: number;
  category: TextCategory;
  isFlagged: boolean;
}

/** Judges one passage of at most a few sentences. */
export function judgeText(text: string, policy: SafetyPolicy = defaultPolicy): TextVerdict {
  const score = textScore(text);
  const category = textCategories.find((name) => name !== 'harassment' && marks[name].test(text)) ?? 'harassment';
  return { score, category, isFlagged: score >= policy[category] };
}
