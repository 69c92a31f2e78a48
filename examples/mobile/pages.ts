// The pages, as HTML that needs no script.
import type { Contract, Person, Plan, Refusal } from './contracts.ts'
import { PLANS } from './contracts.ts'
import { type Code, kana, LANGUAGES, type Language, say } from './texts.ts'

/** What is told by others, in HTML. It is Japanese, whatever the page is. */
const told = (text: string) => `<span lang="ja">${escaped(text)}</span>`
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

export class Pages {
  constructor(readonly language: Language, readonly path: string) {}

  choose(): string {
    const plans = PLANS.map((plan) => `<li><a class="button" href="/begin?plan=${plan}">${this.say(plan)}</a></li>`)
    return this.page('choose', `<p>${this.say('lead')}</p><ul>${plans.join('')}</ul>
<p><a href="/office">${this.say('office')}</a></p>`)
  }

  check(plan: Plan, holder: Person, age: number, mark: string, parent?: Person): string {
    return this.page('check', `${this.facts(plan, holder, age, parent)}
<form method="post" action="/contract"><input type="hidden" name="mark" value="${mark}"><button>${this.say('contract')}</button></form>`)
  }

  consent(refused?: Refusal): string {
    const trouble = refused ? `<p class="caution" role="alert" id="${refused}">${this.say(refused)}</p>` : ''
    return this.page('consent', `${trouble}<p>${this.say('consentLead')}</p>
<p><a class="button" href="/begin-parent">${this.say('consentDo')}</a></p>`)
  }

  done({ number, plan, holder, age, parent }: Contract): string {
    return this.page('done', `<p>${this.say('number')} <strong id="number">${number}</strong></p>${this.facts(plan, holder, age, parent)}`)
  }

  /** Why the provider says no: its words are for the developer, its code is for everybody. */
  failed(code: string): string {
    return this.page('failed', `<p class="caution">${this.say('failedLead')}</p><p><code id="code">${escaped(code)}</code></p>`)
  }

  office(contracts: Contract[]): string {
    const entries = contracts.map((one) => `<li><h2>${one.number}</h2>${this.facts(one.plan, one.holder, one.age, one.parent)}</li>`)
    return this.page('office', `<p class="caution">${this.say('officeLead')}</p>
${entries.length === 0 ? `<p>${this.say('none')}</p>` : `<ul>${entries.reverse().join('')}</ul>`}`)
  }

  private say(code: Code): string {
    return say(code, this.language)
  }

  private facts(plan: Plan, holder: Person, age: number, parent?: Person): string {
    const rows = [['plan', this.say(plan)], ['name', told(holder.name)], ['address', told(holder.address)], ['age', String(age)]] as [Code, string][]
    if (parent) rows.push(['parent', told(parent.name)])
    return `<dl>${rows.map(([code, value]) => `<dt>${this.say(code)}</dt><dd>${value}</dd>`).join('')}</dl>`
  }

  private page(title: Code, main: string): string {
    const links = Object.entries(LANGUAGES).map(([code, name]) =>
      `<li><a href="${escaped(this.path)}?lang=${code}" lang="${code.slice(0, 2)}"${code === this.language ? ' aria-current="true"' : ''}>${name}</a></li>`)
    return `<!doctype html><html lang="${this.language.slice(0, 2)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${kana(title, this.language)} — ${kana('site', this.language)}</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,"></head><body>
<header><p class="notice">${this.say('sandbox')}</p><p class="place">${this.say('site')}</p>
<nav aria-label="${kana('languages', this.language)}"><ul>${links.join('')}</ul></nav></header>
<main><h1>${this.say(title)}</h1>${main}</main>
<footer><p><a href="/">${this.say('start')}</a></p></footer></body></html>`
  }
}
