import { useEffect } from "preact/hooks";
import { findFormat } from "../../engine/chat/format/answer-format.js";
import { findJudged } from "../../engine/chat/judged/judged-pairs.js";
import { findKeptAdapters } from "../../engine/chat/kept-adapters.js";
import { findChoices, loaded } from "../../engine/chat/language-model.js";
import { findLesson, teaching } from "../../engine/chat/teach.js";
import { chat } from "../../messages/chat.js";
import { Adapter } from "./adapters/adapter.js";
import { AnswerForm } from "./answer-form.js";
import { ChooseModel, ModelBar } from "./choose-model.js";
import { Talk } from "./talk.js";
import { Teach } from "./teach.js";
import "../../style/chat.css";

/** The chat with a small language model in the tab, and its training. */
export function ChatPage() {
  const t = chat();
  useEffect(() => {
    void findChoices();
    void findLesson();
    void findFormat();
    void findKeptAdapters();
    void findJudged();
  }, []);
  const isThere = loaded.value !== null || teaching.value !== null;
  return (
    <div class="chat" data-open={isThere}>
      <div class="lead">
        <h1>{t.heading}</h1>
        {!isThere && <p class="intro">{t.intro}</p>}
      </div>
      {isThere ? (
        <>
          <ModelBar />
          <div class="beside">
            <Talk />
            <div class="side">
              <AnswerForm />
              <Adapter />
              <Teach />
            </div>
          </div>
        </>
      ) : (
        <ChooseModel />
      )}
    </div>
  );
}
