/** Lower-case form of a word without punctuation: what all word lists are written in. Empty for pure punctuation. */
export function tokenOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}%]+$/gu, '');
}

const functionWords: Record<string, string> = {
  en: "a an the and or but if then so of to in on at for with from by as is are was were be been being am i you he she it we they me him her us them my your his its our their mine yours this that these those there here what which who whom whose when where how why not no yes do does did done doing have has had having will would can could should shall may might must just like really very um uh erm hmm mm know think going go gonna get got getting one ones about all out up down more most some any many much because people person thing things kind lot right well oh okay ok yeah yes mean say said says saying way ways also into onto than too even still only over again back now really actually basically literally sort stuff something anything everything nothing someone anyone everyone somebody anybody everybody want wanted make made making let us see look come came take put give gave good great bit maybe probably definitely obviously sure little big new first last next other another every each both few own same such through before after while where until since around always never ever much lots able need needs needed try trying tried start started feel felt guess wanna gotta cool yep nope hey guys guy time times day year years today two three four five kinda whole different talk talking talked tell told question ask asked it's that's i'm don't you're we're they're there's i've you've we've they've i'd you'd he's she's what's let's can't didn't doesn't isn't wasn't won't wouldn't couldn't aren't haven't hasn't i'll you'll we'll they'll he'd she'd who's how's where's ain't were weren't shouldn't",
  de: 'der die das und oder aber wenn dann so von zu in an auf für mit aus bei als ist sind war waren sein ich du er sie es wir ihr mich dich ihn uns euch mein dein unser dieser diese dieses da hier was welche wer wann wo wie warum nicht nein ja haben hat hatte werden wird kann können soll muss nur auch noch schon mal eben halt also ganz sehr mehr einen einem einer eine ein dem den des im am zum zur man sich dass doch nach über unter vor durch um ohne gegen bis machen gemacht sagen gesagt gibt geht',
  fr: 'le la les un une des et ou mais si alors de du à au aux en dans sur pour avec par comme est sont était être je tu il elle on nous vous ils elles me te se mon ma mes ton son sa ses notre votre leur ce cette ces ça cela ici là que qui quoi quand où comment pourquoi ne pas non oui ai as a avons avez ont fait faire dit dire va aller peut très plus moins bien aussi tout tous toute même donc parce quelque chose voilà euh',
  es: 'el la los las un una unos unas y o pero si entonces de del a al en sobre para con por como es son era ser estar está yo tú él ella nosotros ustedes ellos ellas me te se mi tu su sus nuestro este esta estos eso esa esto aquí allí que qué quién cuando cuándo donde dónde cómo no sí he ha han había hacer hecho decir dicho va ir puede muy más menos bien también todo todos toda mismo porque algo pues bueno ya lo le les hay',
  it: 'il lo la i gli le un una uno e o ma se allora di del della dei a al alla in nel su per con da come è sono era essere io tu lui lei noi voi loro mi ti si mio tuo suo questo questa quello quella qui lì che chi quando dove come perché non sì ho ha hanno fare fatto dire detto va può molto più meno bene anche tutto tutti stesso qualcosa cosa cioè quindi poi',
  pt: 'o a os as um uma uns umas e ou mas se então de do da dos das em no na para com por como é são era ser estar está eu tu ele ela nós vocês eles elas me te se meu minha seu sua nosso este esta isso essa aqui ali que quem quando onde como porque não sim tem tinha fazer feito dizer disse vai ir pode muito mais menos bem também tudo todos mesmo algo coisa gente né já lá',
  nl: 'de het een en of maar als dan dus van naar in op voor met uit bij is zijn was waren ik jij je hij zij ze wij we jullie mij hem haar ons mijn jouw hun dit dat deze die daar hier wat welke wie wanneer waar hoe waarom niet nee ja heb heeft had hebben worden wordt kan kunnen moet maar ook nog al wel even heel erg meer om te er zo toch door over onder gaan doen gedaan zeggen gezegd',
};

const lists = new Map(Object.entries(functionWords).map(([language, words]) => [language, new Set(words.split(' '))]));
const everyLanguage = new Set(Object.values(functionWords).join(' ').split(' '));

/** Guesses the language of a text by whose function words it uses; null when no list fits. */
export function guessLanguage(tokens: readonly string[]): string | null {
  const sample = tokens.slice(0, 3000);
  let best: string | null = null;
  let most = sample.length * 0.15;
  for (const [language, list] of lists) {
    const hits = sample.reduce((sum, token) => sum + (list.has(token) ? 1 : 0), 0);
    if (hits > most) {
      most = hits;
      best = language;
    }
  }
  return best;
}

/** Function words of a BCP 47 language; of all known languages together when it is unknown. */
export function functionWordsOf(language: string | null): ReadonlySet<string> {
  const primary = language?.toLowerCase().split('-')[0] ?? '';
  return lists.get(primary) ?? everyLanguage;
}

/** Whether a token can carry a topic: no function word, no bare number, long enough (of every length in scripts without spaces). */
export function isContentToken(token: string, functions: ReadonlySet<string>): boolean {
  if (functions.has(token) || /^[\d.,:%-]*$/.test(token)) {
    return false;
  }
  return token.length > 2 || /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(token);
}

/** Whether two tokens are one word, in singular and plural. */
export function isSameWord(one: string, other: string): boolean {
  return one === other || one === `${other}s` || other === `${one}s`;
}
