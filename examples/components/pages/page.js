// The buttons of the pages: each has a backend tell something.

for (const button of document.querySelectorAll('button[data-play]')) {
  button.addEventListener('click', () => fetch(`/play/${button.dataset.play}`, { method: 'POST' }));
}

const output = document.querySelector('output');
if (output !== null) {
  for (const name of ['conduit-spend-update', 'conduit-budget-alert', 'conduit-connection']) {
    addEventListener(name, ({ detail }) => {
      output.textContent = `${name}\n${JSON.stringify(detail, null, 2)}`;
    });
  }
}
