"""Every prompt of the paper, word for word, and the strings with which the authors' release scores.

Square brackets are the paper's own placeholders: `[level]`, `[statement]`, `[question]`, `[image]/[video]` and so on.
"video/image" stands for the one that applies; the paper sends images and videos separately.
"""

# ---- Quality scoring, Sec. 6.1

SCORING_TRAINING_INPUT = "[image]/[video]"
SCORING_TRAINING_ANSWER = "The quality of the image/video is [level]."
SCORING_INFERENCE_INPUT = "[image]/[video] The quality of the image/video is"
SCORING_INFERENCE_ANSWER = "[Predicted Quality Level]"

# The same template as Sec. 3.2 prints it: "this", and no full stop.
SCORING_TARGET_TEMPLATE = "The quality of this image/video is [level]"

# ---- Distortion recognition, Sec. 6.2

DISTORTION_TRAINING_INPUT = "[image]/[video]"
DISTORTION_TRAINING_ANSWER = "[Distortion Severity]/[Distortion Category]"

# How Sec. 3.1 records a distortion before it is refined to an answer such as "mild H264 compression".
DISTORTION_RECORD = "[severity level]-[distortion type]"

# ---- Quality interpreting, Sec. 6.2

STATEMENT_TRAINING_INPUT = "[image]/[video]"
STATEMENT_TRAINING_ANSWER = "[Corresponding Statement]"

# Two wordings of one instruction to the annotator.
ANNOTATOR_INSTRUCTION_DESCRIBE = "Describe the visual quality of the video/image in detail."
ANNOTATOR_INSTRUCTION_ELABORATE = "Elaborate on the quality of the video/image in detail."

# Refines a description and splits it into statements; the description follows.
PARAGRAPH_PROCESSING = """\
Please reformulate the paragraph into several concise sentence-level statements, split by periods. \
The requirements are as follows:
- First, discard all statements about vague descriptions of visual quality (not on explicit quality attributes).
- Simultaneously, disregard any statements that provide a conclusion assessment of the video’s visual quality \
(e.g., ”thus, the visual quality of this video is high”).
- Directly output the revised description without any prefix or suffix.
- You should simulate as if you have derived the summary from the video itself, \
so do not reveal any trace of the provided description paragraph."""

# To each judge, three rounds, with the same words; the statement follows.
REJECTION_SAMPLING = """\
Please carefully observe the given video/image and assess whether you agree with the provided evaluation statement. \
Rate your assessment according to the following criteria:
- 2 points: The evaluation statement is largely consistent with the given video/image, \
with only minor inaccuracies or non-standard descriptions.
- 1 point: The evaluation statement shows some deviation from the key frame sequence, \
primarily due to inconsistencies in temporal quality or degree of distortions \
or noticeable inaccurate descriptions of quality factors.
- 0 points: The evaluation statement is largely or completely inconsistent with the observed key frame sequence; \
the described elements do not appear in the given video/image or exhibit significant discrepancies. \
Please provide your reason if you rate 0 marks.
- If you give a score of 1 point, please give your correction of the original statement, \
aiming to preserve a similar sentence structure and style, while making it more accurate and academic."""

# To the annotator itself, in the first of three rounds.
SELF_JUDGE = """\
Given one video/image, describe whether the visual quality assessment statement [statement] is correct.
A. Yes
B. No"""

# The rounds of self-judging, in turn. Sec. 6.2: "Each round of instructions has a different structure, but the meaning
# remains consistent." It prints the first; the other two are ours.
SELF_JUDGE_ROUNDS = (
    SELF_JUDGE,
    """\
Look closely at the video/image. Does this statement about its visual quality hold: [statement]?
A. No
B. Yes""",
    """\
[statement]
Is the statement above a correct assessment of the visual quality of the given video/image?
A. Yes
B. No""",
)

# ---- Judging open-ended answers, Sec. 8.1: five rounds, majority vote

OPEN_ENDED_JUDGE = (
    "Given the [question], evaluate whether the response [answer] completely matches the [correct answer]. "
    "First, check the response, and please rate the score 0 if the response is not a valid answer. "
    "Please rate score 2 if the response completely or almost completely matches the correct answer on completeness, "
    "accuracy, and relevance. "
    "Please rate score 1 if the response partly matches the correct answer on completeness, accuracy, and relevance. "
    "Please rate score 0 if the response doesn’t match the correct answer on completeness, accuracy, and relevance "
    "at all. "
    "Please provide the result in the following format: Score:"
)

# ---- Case studies, Sec. 11.2: what users asked (Figs. 10-15), and what the two generated videos were made from

CASE_STUDY_QUESTIONS = (
    "Elaborate the visual quality of this image in detail.",
    "How is the style of this image?",
    "How is the light condition?",
    "How is the visual quality of this image? Describe in detail.",
    "What is the main visual distortion?",
    "Elaborate the aesthetic quality of this image in detail.",
    "What operation can be done to refine the visual quality?",
    "Describe the main content of this video.",
    "How is the naturalness of this video?",
    "Elaborate the quality of this video in detail.",
    "Describe the quality of this video in detail.",
    "Elaborate the visual quality of this video in detail.",
    "What is the main distortion of this video?",
    "When does this video start to shake?",
)
CASE_STUDY_VIDEO_PROMPTS = (
    "Generate a video of two actors, one playing a Chinese ancient zombie and the other playing a European vampire, "
    "battling each other.",
    "Present a video consisting of four scenes: snow mountain, underwater, desert, and grassland. Each scene should "
    "be highly realistic and appear to be filmed with a handheld camera.",
)

# Section of the paper that each prompt is from.
PROMPT_SECTIONS = {
    "SCORING_TRAINING_INPUT": "6.1",
    "SCORING_TRAINING_ANSWER": "6.1",
    "SCORING_INFERENCE_INPUT": "6.1",
    "SCORING_INFERENCE_ANSWER": "6.1",
    "SCORING_TARGET_TEMPLATE": "3.2",
    "DISTORTION_TRAINING_INPUT": "6.2",
    "DISTORTION_TRAINING_ANSWER": "6.2",
    "DISTORTION_RECORD": "3.1",
    "STATEMENT_TRAINING_INPUT": "6.2",
    "STATEMENT_TRAINING_ANSWER": "6.2",
    "ANNOTATOR_INSTRUCTION_DESCRIBE": "6.2",
    "ANNOTATOR_INSTRUCTION_ELABORATE": "6.2",
    "PARAGRAPH_PROCESSING": "6.2",
    "REJECTION_SAMPLING": "6.2",
    "SELF_JUDGE": "6.2",
    "OPEN_ENDED_JUDGE": "8.1",
    "CASE_STUDY_QUESTIONS": "11.2",
    "CASE_STUDY_VIDEO_PROMPTS": "11.2",
}

# ---- Strings of the authors' release

# The system message of InternVL's "internvl2_5" conversation template, in every prompt.
RELEASE_SYSTEM_MESSAGE = (
    "你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。"
)

# Answers in training; no full stop.
RELEASE_TRAINING_ANSWERS = {
    "image": "The quality of the image is {level}",
    "video": "The quality of the video is {level}",
}

# How the answer begins at scoring; the level word follows. The less-token script reads fewer frames.
RELEASE_ANSWER_PREFIXES = {
    "image": "The quality of this image is",
    "video": "The overall quality of this video is",
    "video_less_token": "The quality of this video is",
}

# How it begins in new models: as in training.
ANSWER_PREFIXES = {"image": "The quality of the image is", "video": "The quality of the video is"}

# Q-Bench (images): before the question, and after every option.
RELEASE_QBENCH_INTRODUCTION = (
    "You will receive one image. Please analyze the image and answer the questions based on your observations."
)
RELEASE_QBENCH_FORMAT = (
    "Please answer the question in the following format: the uppercase letter of the correct answer option itself "
    "+'.'. Please do not add any other answers beyond this."
)
