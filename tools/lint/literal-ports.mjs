// Specs of two checkouts run at once, so a spec listens where libs/testing/src/test-ports.ts says, never on a port it
// writes down. Five digits only: smaller numbers are usual ports in texts that nobody listens by.
const named = /ports?(max|min)?$/i;
const inText = /(?:\/\/[\w.[\]:-]+:|\blisten\()(\d{2}_?\d{3})\b/;
const message =
  'a port of a spec comes from testPorts (libs/testing/src/test-ports.ts), so that two checkouts can run their specs';

const isPort = (digits) => {
  const number = Number(String(digits).replace('_', ''));
  return number >= 10_000 && number <= 65_535;
};

/** @returns {boolean} whether a port is written in the expression itself, as a number or digits or in a list of them */
function isLiteralPort(node) {
  if (node?.type === 'ArrayExpression') return node.elements.some(isLiteralPort);
  return node?.type === 'Literal' && isPort(node.value);
}

/** @type {import('eslint').Rule.RuleModule} */
export const literalPorts = {
  meta: { type: 'problem', schema: [], messages: { literal: message } },
  create(context) {
    if (!/\.(spec|fixture)\.ts$/.test(context.filename)) return {};
    const check = (name, value, node) => {
      if (named.test(name ?? '') && isLiteralPort(value)) context.report({ node, messageId: 'literal' });
    };
    const checkText = (node, text) => {
      if (isPort(inText.exec(text)?.[1])) context.report({ node, messageId: 'literal' });
    };
    return {
      VariableDeclarator: (node) => check(node.id.name, node.init, node),
      Property: (node) => check(node.key.name ?? node.key.value, node.value, node),
      CallExpression(node) {
        const called = node.callee.property?.name ?? node.callee.name;
        if (called === 'listen' && isLiteralPort(node.arguments[0]))
          context.report({ node, messageId: 'literal' });
      },
      Literal: (node) => typeof node.value === 'string' && checkText(node, node.value),
      TemplateElement: (node) => checkText(node, node.value.cooked),
    };
  },
};
