// The client of the chat: what the hub says goes to the view, what is typed goes to the hub.

import * as view from './view.js';

const { HubConnectionBuilder, LogLevel, Subject } = window.signalR;

/** How many old messages are shown. */
const HISTORY = 100;

/** A vote is awaited for 30 seconds. */
const VOTE_MILLIS = 29_000;

const TYPING_EVERY_MILLIS = 2_000;

const room = new URLSearchParams(location.search).get('room') ?? 'general';
let name;

const connection = new HubConnectionBuilder()
  .withUrl(`/chat?room=${encodeURIComponent(room)}`)
  .withAutomaticReconnect()
  .withStatefulReconnect()
  .configureLogging(LogLevel.Warning)
  .build();

// What is heard.

connection.on('Said', (message) => {
  view.stopTyping(message.name);
  view.showMessage(message);
});
connection.on('Joined', (who) => {
  view.showNote(`${who} has come.`);
  return refreshPeople();
});
connection.on('Left', (who) => {
  view.showNote(`${who} has gone.`);
  view.stopTyping(who);
  return refreshPeople();
});
connection.on('Typing', view.showTyping);
connection.on('Dictating', view.showDictation);

// A client result: what this gives is the answer to the hub's question.
connection.on('Vote', (who, question) => view.askForVote(who, question, AbortSignal.timeout(VOTE_MILLIS)));

connection.onreconnecting(() => view.showState('Reconnecting …'));
connection.onclose(() => view.showState('Not connected: reload the page.'));
// A connection that was resumed is the same as before, and this is not called; a new one has to join again.
connection.onreconnected(() => attempt(enter));

// What is said.

async function enter() {
  view.showPeople(await connection.invoke('Join', name));
  view.showState('Connected');
  await readHistory();
}

/** A stream from the hub. */
function readHistory() {
  return new Promise((resolve, reject) => {
    connection.stream('History', HISTORY).subscribe({ next: view.showMessage, complete: resolve, error: reject });
  });
}

async function refreshPeople() {
  view.showPeople(await connection.invoke('Who'));
}

/** A stream from the hub that goes on while others make up their minds. */
function ask(question) {
  const poll = view.showPoll(question);
  connection.stream('Poll', question).subscribe({
    next: poll.update,
    complete: poll.end,
    error(error) {
      poll.end();
      showError(error);
    },
  });
}

/** The stream to the hub while something is dictated. */
let words;

/** Sends the words that are complete, and leaves the one that is being typed. */
function dictate() {
  const typed = view.fields.text.value.split(/\s+/);
  view.fields.text.value = typed.pop() ?? '';
  for (const word of typed.filter(Boolean)) {
    words ??= beginDictation();
    words.next(word);
  }
}

function beginDictation() {
  const subject = new Subject();
  const ended = connection.invoke('Dictate', subject);
  ended.catch(showError).finally(() => {
    if (words === subject) words = undefined;
  });
  return subject;
}

function endDictation(lastWord) {
  if (lastWord !== '') words.next(lastWord);
  words.complete();
  words = undefined;
  view.fields.text.value = '';
}

let typedAt = 0;

view.fields.text.addEventListener('input', () => {
  if (view.fields.dictate.checked) return dictate();
  if (Date.now() - typedAt < TYPING_EVERY_MILLIS) return;
  typedAt = Date.now();
  attempt(() => connection.send('Typing'));
});

view.forms.say.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = view.fields.text.value.trim();
  if (words !== undefined) {
    endDictation(text);
  } else if (text !== '') {
    attempt(async () => {
      await connection.invoke('Say', text);
      view.fields.text.value = '';
      typedAt = 0;
    });
  }
});

view.askButton.addEventListener('click', () => {
  const question = view.fields.text.value.trim();
  if (question === '') return view.showProblem('Write the question first; it is answered by yes or no.');
  view.fields.text.value = '';
  view.showProblem('');
  ask(question);
});

view.forms.otherRoom.addEventListener('submit', (event) => {
  event.preventDefault();
  location.search = `?room=${view.fields.otherRoom.value}`;
});

view.forms.join.addEventListener('submit', (event) => {
  event.preventDefault();
  name = view.fields.name.value;
  attempt(async () => {
    view.showState('Connecting …');
    if (connection.state === 'Disconnected') await connection.start();
    await enter();
    view.showJoined();
  });
});

async function attempt(what) {
  try {
    await what();
    view.showProblem('');
  } catch (error) {
    showError(error);
  }
}

/** What the hub refuses with comes after "HubException: "; anything else is said as it is. */
function showError(error) {
  view.showProblem(error.message.split('HubException: ').at(-1));
}

view.showRoom(room);
