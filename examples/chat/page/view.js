// What is on the page. Whatever others wrote is set as text, never as HTML.

const ROOMS = ['general', 'rust', 'random'];

/** How long somebody who typed once counts as typing. */
const TYPING_MILLIS = 4_000;

const at = (id) => document.getElementById(id);

export const forms = { join: at('join'), say: at('say'), otherRoom: at('other-room') };
export const fields = { name: at('name'), text: at('text'), dictate: at('dictate'), otherRoom: at('other-room-name') };
export const askButton = at('ask');

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function showRoom(room) {
  document.title = `#${room} – Chat`;
  at('room').textContent = `#${room}`;
  const links = [...new Set([...ROOMS, room])].map((name) => {
    const item = element('li', '');
    const current = name === room ? { 'aria-current': 'page' } : {};
    item.append(element('a', `#${name}`, { href: `/?room=${name}`, ...current }));
    return item;
  });
  at('rooms').replaceChildren(...links);
}

export function showJoined() {
  forms.join.hidden = true;
  forms.say.hidden = false;
  fields.text.focus();
}

export function showState(text) {
  at('state').textContent = text;
}

/** What the hub refused; an empty text takes it away. */
export function showProblem(text) {
  at('problem').textContent = text;
}

export function showPeople(names) {
  at('people').replaceChildren(...names.map((name) => element('li', name)));
}

const shown = new Set();

/** A message; one that is there already, because the history was asked for again, is not shown twice. */
export function showMessage({ id, name, text, at: millis }) {
  if (shown.has(id)) return;
  shown.add(id);
  const time = new Date(millis);
  const item = element('div', '');
  item.append(
    element('strong', name),
    element('time', time.toLocaleTimeString([], { timeStyle: 'short' }), { datetime: time.toISOString() }),
    element('div', text),
  );
  append(item);
}

/** Something that happened, among the messages. */
export function showNote(text) {
  append(element('div', text, { class: 'note' }));
}

function append(item) {
  const list = at('messages');
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(item);
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

const typing = new Map();

export function showTyping(name) {
  clearTimeout(typing.get(name));
  typing.set(
    name,
    setTimeout(() => stopTyping(name), TYPING_MILLIS),
  );
  listTyping();
}

export function stopTyping(name) {
  clearTimeout(typing.get(name));
  if (typing.delete(name)) listTyping();
}

function listTyping() {
  const names = [...typing.keys()];
  at('typing').textContent = names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'types' : 'type'} …`;
}

const dictations = new Map();

/** What somebody has dictated so far; an empty text is the end of it. */
export function showDictation(connection, name, text) {
  dictations.get(connection)?.remove();
  dictations.delete(connection);
  if (text === '') return;
  const item = element('li', `${name}: ${text}`);
  dictations.set(connection, item);
  at('dictations').append(item);
}

/** Asks for a vote, and gives it once there is one; `signal` takes the question back. */
export function askForVote(name, question, signal) {
  return new Promise((resolve) => {
    const box = element('div', '', { role: 'group', 'aria-label': `${name} asks` });
    box.append(element('p', `${name} asks: ${question}`));
    const finish = (vote) => {
      box.remove();
      resolve(vote);
    };
    for (const [label, vote] of [
      ['Yes', true],
      ['No', false],
      ['No opinion', null],
    ]) {
      const button = element('button', label, { type: 'button' });
      button.addEventListener('click', () => finish(vote));
      box.append(button);
    }
    signal.addEventListener('abort', () => finish(null));
    at('polls').append(box);
  });
}

/** A poll of one's own: `update` takes each tally, `end` leaves the last one among the messages. */
export function showPoll(question) {
  const box = element('p', `${question} …`, { role: 'status' });
  at('polls').append(box);
  return {
    update({ asked, yes, no, abstained }) {
      const waiting = asked - yes - no - abstained;
      box.textContent = `${question} Yes ${yes}, no ${no}, no opinion ${abstained}${waiting > 0 ? `, ${waiting} to come` : ''}`;
    },
    end() {
      box.remove();
      showNote(box.textContent);
    },
  };
}
