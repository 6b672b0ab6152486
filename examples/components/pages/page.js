// The buttons of the pages: each has a backend tell something.

for (const button of document.querySelectorAll('button[data-play]')) {
  button.addEventListener('click', async () => {
    const taskId = `render-${Date.now()}`;
    await fetch(`/play/${button.dataset.play}?taskId=${taskId}`, { method: 'POST' });
    if (button.dataset.play !== 'task') return;
    for (const element of document.querySelectorAll('conduit-task-progress')) element.taskId = taskId;
  });
}

const output = document.querySelector('output');
if (output !== null) {
  for (const name of ['conduit-spend-update', 'conduit-budget-alert', 'conduit-connection']) {
    addEventListener(name, ({ detail }) => {
      output.textContent = `${name}\n${JSON.stringify(detail, null, 2)}`;
    });
  }
}
