// What the pages say, in three languages. In easy Japanese each word of kanji has its reading: [言葉|ことば].
export const LANGUAGES = { ja: '日本語', 'ja-easy': 'やさしい にほんご', en: 'English' } as const
export type Language = keyof typeof LANGUAGES

const TEXTS = {
  site: ['見本モバイル（模擬）', '[見本|みほん]モバイル（[練習|れんしゅう]）', 'Mihon Mobile (simulated)'],
  sandbox: ['練習用のサイトです。本物の契約はできません。', '[練習|れんしゅう]の サイトです。[本物|ほんもの]の [契約|けいやく]は できません。', 'A site for practice: no real contract is made.'],
  languages: ['言語', '[言葉|ことば]', 'Languages'],
  choose: ['料金プランを選ぶ', 'プランを [選|えら]ぶ', 'Choose a plan'],
  lead: ['プランを選び、本人確認をしてください。18歳未満の人は、保護者の同意が要ります。', 'プランを [選|えら]んでください。つぎに、あなたか どうかを [確|たし]かめます。18[歳|さい]より [若|わか]い [人|ひと]は、[親|おや]の「いいです」が いります。', 'Choose a plan, and prove who you are. Under 18, a parent must consent.'],
  small: ['3ギガプラン　月1,000円', '3ギガ　1か[月|げつ] 1,000[円|えん]', '3 GB, 1,000 yen a month'],
  large: ['20ギガプラン　月2,500円', '20ギガ　1か[月|げつ] 2,500[円|えん]', '20 GB, 2,500 yen a month'],
  check: ['契約内容の確認', '[契約|けいやく]を [見|み]る', 'Check the contract'],
  plan: ['料金プラン', 'プラン', 'Plan'],
  name: ['氏名', '[名前|なまえ]', 'Name'],
  address: ['住所', '[住所|じゅうしょ]', 'Address'],
  age: ['年齢', 'とし', 'Age'],
  parent: ['保護者', '[親|おや]', 'Parent'],
  contract: ['契約する', '[契約|けいやく]する', 'Make the contract'],
  consent: ['保護者の同意', '[親|おや]の「いいです」', 'A parent’s consent'],
  consentLead: ['契約する人が18歳未満なので、保護者の同意が要ります。保護者が本人確認をしてください。', '[契約|けいやく]する [人|ひと]が 18[歳|さい]より [若|わか]いです。[親|おや]が、[自分|じぶん]の カードで [確|たし]かめてください。', 'You are under 18: a parent must consent. Let your parent prove who they are.'],
  consentDo: ['保護者として本人確認をする', '[親|おや]として [確|たし]かめる', 'Prove to be the parent'],
  'parent-under-age': ['保護者として本人確認をした人も、18歳未満です。', '[親|おや]として [確|たし]かめた [人|ひと]も、18[歳|さい]より [若|わか]いです。', 'Whoever was to consent is under 18, too.'],
  'parent-is-holder': ['契約する人と同じ人です。保護者が本人確認をしてください。', '[契約|けいやく]する [人|ひと]と [同|おな]じ [人|ひと]です。[親|おや]が [確|たし]かめてください。', 'This is the same person. Your parent must prove who they are.'],
  done: ['契約しました', '[契約|けいやく]しました', 'The contract is made'],
  number: ['契約番号', '[契約|けいやく]の [番号|ばんごう]', 'Number'],
  failed: ['本人確認ができませんでした', 'あなたか どうか わかりませんでした', 'You could not be identified'],
  failedLead: ['はじめからやり直してください。', 'はじめから してください。', 'Begin again.'],
  start: ['はじめの画面へ', 'はじめの [画面|がめん]へ', 'To the start'],
  office: ['事業者の画面', 'お[店|みせ]の [人|ひと]の [画面|がめん]', 'Back office'],
  officeLead: ['練習用の画面なので、だれでも見られます。', '[練習|れんしゅう]だから、だれでも [見|み]ることが できます。', 'For practice, anybody can look at this page.'],
  none: ['契約はまだありません。', '[契約|けいやく]は まだ ありません。', 'There are no contracts yet.'],
} as const
export type Code = keyof typeof TEXTS

/** A text as HTML; readings stand above their words. */
export function say(code: Code, language: Language): string {
  const text = plain(code, language)
  return text.replaceAll(/\[([^|\]]+)\|([^\]]+)\]/g, '<ruby>$1<rt>$2</rt></ruby>')
}

/** A text where no markup goes: readings alone. */
export function kana(code: Code, language: Language): string {
  return plain(code, language).replaceAll(/\[[^|\]]+\|([^\]]+)\]/g, '$1')
}

function plain(code: Code, language: Language): string {
  return TEXTS[code][Object.keys(LANGUAGES).indexOf(language)] ?? ''
}
